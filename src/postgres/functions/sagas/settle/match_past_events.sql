-- Looks for events that these sagas have begun to wait for among those that were searched before. Later ones are found by match_saga_events, which cannot go on
-- meanwhile.
create or replace function plimsoll.match_past_events(p_sagas uuid[]) returns void
  language plpgsql volatile set search_path = ''
  set enable_seqscan = off set enable_bitmapscan = off
  as $$
declare
  seen record;
  woken uuid[];
begin
  select p.epoch, p.xid, p.seq into seen from plimsoll.saga_event_position p for share;
  with found as (
    select j.saga, j.name, f.id, f.data from plimsoll.saga_steps j join plimsoll.sagas s on s.id = j.saga
    cross join lateral (
      select e.id, e.data from plimsoll.every_event e
      where (e.epoch, e.xid, e.seq) >= (s.epoch, s.xid, 0) and (e.epoch, e.xid, e.seq) <= (seen.epoch, seen.xid, seen.seq) and e.name = j.awaited
        and e.recorded_at >= pg_catalog.to_timestamp((s.started - 1) / 1000.0) and e.tenant is not distinct from s.context::json ->> 'tenant'
        and e.data::jsonb operator(pg_catalog.@>) j.matches
      order by e.epoch, e.xid, e.seq limit 1
    ) f
    where j.saga = any (p_sagas) and j.kind = 'event' and j.state = 'waiting'
  ), done as (
    update plimsoll.saga_steps j set state = 'done', due = null, output = pg_catalog.json_build_object('got', f.data::json, 'id', f.id)::text, at = plimsoll.now_ms()
    from found f where j.saga = f.saga and j.name = f.name returning j.saga
  )
  select array_agg(d.saga) into woken from done d;
  perform plimsoll.wake_sagas(woken);
end $$;
