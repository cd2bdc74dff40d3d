create or replace function plimsoll.keep_vault_token(p_tenant text, p_token text, p_field text, p_sealed text, p_key uuid, p_display text) returns void
  language sql volatile security definer set search_path = ''
  as $$
  insert into plimsoll.vault_tokens (tenant, token, field, sealed, key, display)
  values (coalesce(plimsoll.tenant(), p_tenant), p_token, p_field, p_sealed, p_key, p_display) $$;
grant execute on function plimsoll.keep_vault_token to :"app";
