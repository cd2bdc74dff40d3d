-- Adds keys that no other value uses, as JSON: those of the subjects of events.
create or replace function plimsoll.add_vault_keys(p_keys text) returns void
  language sql volatile security definer set search_path = ''
  as $$
  insert into plimsoll.vault_keys (id, tenant, subject, root, wrapped, is_current, lasting)
  select k.id, k.tenant, k.subject, k.root, k.wrapped, false, coalesce(k.lasting, false)
  from pg_catalog.json_to_recordset(p_keys::json) as k (id uuid, tenant text, subject text, root integer, wrapped text, lasting boolean) $$;
grant execute on function plimsoll.add_vault_keys to :"app";
