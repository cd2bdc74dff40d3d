-- How far a projection is: the first event of these names that it has not applied, and since when that is there. epoch: null where the next append begins another
-- one, so that positions of this one may be of events that are lost.
create or replace function plimsoll.projection_freshness(
  p_name text, p_events text[], out next text, out lag_ms bigint, out started boolean, out epoch integer, out horizon text
)
  language plpgsql volatile security definer set search_path = ''
  set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
declare
  at plimsoll.event_position;
  here text := plimsoll.event_cluster();
begin
  horizon := pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text;
  select e.epoch into epoch from plimsoll.event_epoch e where e.cluster = here and e.floor::text::numeric <= horizon::numeric;
  select t.epoch, t.xid, t.seq into at from plimsoll.subscription_partitions t where t.subscription = p_name and t.partition = 0;
  started := found;
  case (select i.state from plimsoll.inline_projections i where i.name = p_name)
    when 'live' then
      lag_ms := 0;
      return;
    -- It misses events, whatever its position.
    when 'stale' then started := false;
    else null;
  end case;
  select f.epoch::text || '/' || f.xid::text || '/' || f.seq::text, (extract(epoch from plimsoll.now() - f.recorded_at) * 1000)::bigint into next, lag_ms
  from (
    select e.epoch, e.xid, e.seq, e.recorded_at from plimsoll.every_event e
    where (e.epoch, e.xid, e.seq) > (at.epoch, at.xid, at.seq) and e.name = any (p_events) order by e.epoch, e.xid, e.seq limit 1
  ) f;
end $$;
grant execute on function plimsoll.projection_freshness to :"app";
