-- Gives a tenant another key for what is sealed from now on, where the one that it has is so old; what is sealed stays readable. Returns whether it did.
create or replace function plimsoll.rotate_vault_key(p_tenant text, p_older_ms bigint, p_id uuid, p_root integer, p_wrapped text) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  update plimsoll.vault_keys k set is_current = false
  where k.tenant = p_tenant and k.subject = '' and k.is_current and k.made_at <= plimsoll.now() - p_older_ms * interval '1 millisecond';
  if not found then
    return false;
  end if;
  insert into plimsoll.vault_keys (id, tenant, subject, root, wrapped, is_current) values (p_id, p_tenant, '', p_root, p_wrapped, true);
  return true;
end $$;
grant execute on function plimsoll.rotate_vault_key to :"app";
