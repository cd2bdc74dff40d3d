-- The epoch in which this transaction appends. Appenders hold the lock shared until they end; the epoch rises under the exclusive one, so that nothing is appended
-- to the earlier epoch any more.
create or replace function plimsoll.join_event_epoch() returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  here text := plimsoll.event_cluster();
  key integer := 'plimsoll.events'::pg_catalog.regclass::pg_catalog.oid::bigint % 2147483647;
  found_epoch integer;
begin
  if exists (select from plimsoll.event_epoch e where e.cluster = here and e.floor <= pg_catalog.pg_current_xact_id()) then
    perform pg_catalog.pg_advisory_xact_lock_shared(key, 9);
  else
    -- Not the shared lock first: two that raise their locks would wait for each other.
    perform pg_catalog.pg_advisory_xact_lock(key, 9);
    update plimsoll.event_epoch e
    set epoch = e.epoch + 1, cluster = here, floor = pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())
    where e.cluster is distinct from here or e.floor > pg_catalog.pg_current_xact_id();
  end if;
  select e.epoch into found_epoch from plimsoll.event_epoch e;
  return found_epoch;
end $$;
grant execute on function plimsoll.join_event_epoch to :"app";
