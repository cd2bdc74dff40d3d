create or replace function plimsoll.delete_vault_token(p_tenant text, p_token text, p_field text) returns boolean
  language sql volatile security definer set search_path = ''
  as $$
  with deleted as (
    delete from plimsoll.vault_tokens t where t.tenant = coalesce(plimsoll.tenant(), p_tenant) and t.token = p_token and t.field = p_field returning t.token
  )
  select exists (select from deleted) $$;
grant execute on function plimsoll.delete_vault_token to :"app";
