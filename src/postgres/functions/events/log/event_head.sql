-- The last event that can be read; no row where there is none.
create or replace function plimsoll.event_head(out epoch integer, out xid xid8, out seq bigint) returns setof record
  language sql stable security definer set search_path = ''
  set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
  select e.epoch, e.xid, e.seq from plimsoll.every_event e
  where (e.epoch, e.xid) < ((select c.epoch from plimsoll.event_epoch c), pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()))
  order by e.epoch desc, e.xid desc, e.seq desc limit 1 $$;
grant execute on function plimsoll.event_head to :"app";
