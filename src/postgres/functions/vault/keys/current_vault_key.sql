-- The key that seals for a tenant or a person; that of the arguments, where there is none yet.
create or replace function plimsoll.current_vault_key(p_tenant text, p_subject text, p_id uuid, p_root integer, p_wrapped text)
  returns table (id uuid, tenant text, subject text, root integer, wrapped text)
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  return query select k.id, k.tenant, k.subject, k.root, k.wrapped from plimsoll.vault_keys k
    where k.tenant = p_tenant and k.subject = p_subject and k.is_current;
  if found then
    return;
  end if;
  insert into plimsoll.vault_keys (id, tenant, subject, root, wrapped, is_current) values (p_id, p_tenant, p_subject, p_root, p_wrapped, true)
    on conflict do nothing;
  return query select k.id, k.tenant, k.subject, k.root, k.wrapped from plimsoll.vault_keys k
    where k.tenant = p_tenant and k.subject = p_subject and k.is_current;
end $$;
grant execute on function plimsoll.current_vault_key to :"app";
