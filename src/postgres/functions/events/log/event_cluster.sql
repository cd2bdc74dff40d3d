-- Which cluster this is, and on which timeline. Reading the control file takes longer than the rest of an append, so a session remembers the identifier, which
-- does not change while it lives; the timeline does, where a standby is promoted under it.
create or replace function plimsoll.event_cluster() returns text
  language plpgsql volatile set search_path = ''
  as $$
declare
  known text := pg_catalog.current_setting('plimsoll.event_cluster', true);
begin
  if known is null or known = '' then
    known := (select c.system_identifier::text from pg_catalog.pg_control_system() c);
    perform pg_catalog.set_config('plimsoll.event_cluster', known, false);
  end if;
  return known || '/' || pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8);
end $$;
