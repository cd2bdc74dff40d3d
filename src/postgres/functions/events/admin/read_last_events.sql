-- The last events, the newest first, without their data.
create or replace function plimsoll.read_last_events(p_limit integer)
  returns table (
    id uuid, name text, version integer, key text, tenant text, actor text, causation text, correlation text, "recordedAt" timestamptz, "position" text
  )
  language sql stable security definer set search_path = ''
  set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
  select e.id, e.name, e.version, e.key, e.tenant, e.actor, e.causation, e.correlation, e.recorded_at, e.epoch::text || '/' || e.xid::text || '/' || e.seq::text
  from plimsoll.every_event e order by e.epoch desc, e.xid desc, e.seq desc limit p_limit $$;
grant execute on function plimsoll.read_last_events to :"app";
