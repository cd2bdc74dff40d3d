-- Keeps keys as another root key has wrapped them, as JSON; a key that was erased meanwhile stays erased.
create or replace function plimsoll.rewrap_vault_keys(p_keys text) returns integer
  language sql volatile security definer set search_path = ''
  as $$
  with wrapped as (
    update plimsoll.vault_keys k set root = n.root, wrapped = n.wrapped
    from pg_catalog.json_to_recordset(p_keys::json) as n (id uuid, root integer, wrapped text) where k.id = n.id and k.root < n.root returning k.id
  )
  select pg_catalog.count(*)::integer from wrapped $$;
grant execute on function plimsoll.rewrap_vault_keys to :"app";
