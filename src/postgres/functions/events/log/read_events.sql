-- The next events behind a position, at most p_scan of the log and p_bytes of data. Of those of other names it returns the last one only, which says how far it came.
-- Nothing of a transaction that is under way, or of one that began later, is read.
create or replace function plimsoll.read_events(p_names text[], p_epoch integer, p_xid xid8, p_seq bigint, p_scan integer, p_bytes bigint)
  returns table (
    epoch integer, xid xid8, seq bigint, id uuid, name text, version integer, key text, tenant text, actor text, trace text, causation text,
    correlation text, recorded_at timestamptz, data text, wanted boolean
  )
  language sql stable security definer set search_path = ''
  set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
  with scanned as materialized (
    select e.*, e.name = any (p_names) as wanted
    from plimsoll.every_event e
    where (e.epoch, e.xid, e.seq) > (p_epoch, p_xid, p_seq)
      and (e.epoch, e.xid) < ((select c.epoch from plimsoll.event_epoch c), pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()))
    order by e.epoch, e.xid, e.seq limit p_scan
  ), sized as (
    select s.*,
      pg_catalog.sum(case when s.wanted then pg_catalog.octet_length(s.data) else 0 end) over w as bytes,
      pg_catalog.row_number() over w as n
    from scanned s window w as (order by s.epoch, s.xid, s.seq)
  ), fitting as (
    select s.*, pg_catalog.max(s.n) over () as last from sized s where s.n = 1 or s.bytes <= p_bytes
  )
  select f.epoch, f.xid, f.seq, f.id, f.name, f.version, f.key, f.tenant, f.actor, f.trace, f.causation, f.correlation, f.recorded_at,
    case when f.wanted then f.data end, f.wanted
  from fitting f where f.wanted or f.n = f.last order by f.epoch, f.xid, f.seq $$;
grant execute on function plimsoll.read_events to :"app";
