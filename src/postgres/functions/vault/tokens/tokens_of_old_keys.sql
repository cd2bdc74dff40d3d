-- Tokens whose values an earlier key of their tenant has sealed.
create or replace function plimsoll.tokens_of_old_keys(p_limit integer) returns table (tenant text, token text, field text, sealed text)
  language sql stable security definer set search_path = ''
  as $$
  select t.tenant, t.token, t.field, t.sealed from plimsoll.vault_keys k join plimsoll.vault_tokens t on t.key = k.id
  where k.subject = '' and not k.is_current limit p_limit $$;
grant execute on function plimsoll.tokens_of_old_keys to :"app";
