create or replace function plimsoll.find_vault_token(p_tenant text, p_token text, p_field text) returns table (sealed text, display text)
  language sql stable security definer set search_path = ''
  as $$
  select t.sealed, t.display from plimsoll.vault_tokens t
  where t.tenant = coalesce(plimsoll.tenant(), p_tenant) and t.token = p_token and t.field = p_field $$;
grant execute on function plimsoll.find_vault_token to :"app";
