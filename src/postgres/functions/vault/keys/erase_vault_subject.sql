-- Deletes all keys of a person, and so erases what they sealed. Returns how many there were.
create or replace function plimsoll.erase_vault_subject(p_tenant text, p_subject text) returns integer
  language sql volatile security definer set search_path = ''
  as $$
  with erased as (
    delete from plimsoll.vault_keys k where k.tenant = coalesce(plimsoll.tenant(), p_tenant) and k.subject = p_subject and p_subject <> '' returning k.id
  )
  select pg_catalog.count(*)::integer from erased $$;
grant execute on function plimsoll.erase_vault_subject to :"app";
