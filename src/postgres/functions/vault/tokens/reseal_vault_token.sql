-- Keeps a value as another key has sealed it.
create or replace function plimsoll.reseal_vault_token(p_tenant text, p_token text, p_was text, p_sealed text, p_key uuid) returns boolean
  language sql volatile security definer set search_path = ''
  as $$
  with resealed as (
    update plimsoll.vault_tokens t set sealed = p_sealed, key = p_key where t.tenant = p_tenant and t.token = p_token and t.sealed = p_was returning t.token
  )
  select exists (select from resealed) $$;
grant execute on function plimsoll.reseal_vault_token to :"app";
