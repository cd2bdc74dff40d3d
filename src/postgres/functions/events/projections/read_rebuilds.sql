create or replace function plimsoll.read_rebuilds()
  returns table (name text, epoch integer, xid xid8, seq bigint, events bigint, total bigint, started_ms bigint)
  language sql stable security definer set search_path = ''
  as $$
  select r.name, r.epoch, r.xid, r.seq, r.events, r.total, (extract(epoch from plimsoll.now() - r.started_at) * 1000)::bigint
  from plimsoll.projection_rebuilds r order by r.name limit 1000 $$;
grant execute on function plimsoll.read_rebuilds to :"app";
