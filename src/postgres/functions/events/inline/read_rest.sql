-- All events of these names behind a position, while all who emit are held up: also those that later transactions than one under way have committed.
create or replace function plimsoll.read_rest(p_names text[], p_epoch integer, p_xid xid8, p_seq bigint, p_limit integer)
  returns table (
    epoch integer, xid xid8, seq bigint, id uuid, name text, version integer, key text, tenant text, actor text, trace text, causation text,
    correlation text, recorded_at timestamptz, data text
  )
  language sql stable security definer set search_path = ''
  set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
  select e.epoch, e.xid, e.seq, e.id, e.name, e.version, e.key, e.tenant, e.actor, e.trace, e.causation, e.correlation, e.recorded_at, e.data
  from plimsoll.every_event e where (e.epoch, e.xid, e.seq) > (p_epoch, p_xid, p_seq) and e.name = any (p_names)
  order by e.epoch, e.xid, e.seq limit p_limit $$;
grant execute on function plimsoll.read_rest to :"app";
