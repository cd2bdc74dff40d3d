-- A position behind all events that are committed; null where the next append begins another epoch.
create or replace function plimsoll.event_horizon() returns text
  language sql volatile security definer set search_path = ''
  as $$
  select e.epoch::text || '/' || pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text || '/0'
  from plimsoll.event_epoch e where e.cluster = plimsoll.event_cluster() $$;
grant execute on function plimsoll.event_horizon to :"app";
