-- Searches the next events of the log for what sagas wait for, in the order of the log. Returns how many it looked at. One session does so at a time.
create or replace function plimsoll.match_saga_events(p_scan integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  set enable_seqscan = off set enable_bitmapscan = off
  as $$
declare
  seen plimsoll.event_position;
  last_epoch integer;
  last_xid xid8;
  last_seq bigint;
  looked integer;
  woken uuid[];
begin
  select p.epoch, p.xid, p.seq into seen from plimsoll.saga_event_position p for update skip locked;
  if not found then
    return 0;
  end if;
  if not exists (select from plimsoll.saga_steps j where j.awaited is not null and j.state = 'waiting' and j.kind = 'event') then
    -- What begins to wait meanwhile waits for the lock of the position, and searches up to there itself.
    update plimsoll.saga_event_position p set epoch = h.epoch, xid = h.xid, seq = h.seq from plimsoll.event_head() h
    where (h.epoch, h.xid, h.seq) > (p.epoch, p.xid, p.seq);
    return 0;
  end if;
  with scanned as materialized (
    select e.epoch, e.xid, e.seq, e.id, e.name, e.tenant, e.data, e.recorded_at from plimsoll.every_event e
    where (e.epoch, e.xid, e.seq) > (seen.epoch, seen.xid, seen.seq)
      and (e.epoch, e.xid) < ((select c.epoch from plimsoll.event_epoch c), pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()))
    order by e.epoch, e.xid, e.seq limit p_scan
  ), found as (
    select distinct on (j.saga, j.name) j.saga, j.name, e.id, e.data
    from scanned e join plimsoll.saga_steps j on j.awaited = e.name and j.kind = 'event' and j.state = 'waiting'
    join plimsoll.sagas s on s.id = j.saga and (e.epoch, e.xid) >= (s.epoch, s.xid) and e.recorded_at >= pg_catalog.to_timestamp((s.started - 1) / 1000.0)
      and s.context::json ->> 'tenant' is not distinct from e.tenant
    where e.data::jsonb operator(pg_catalog.@>) j.matches
    order by j.saga, j.name, e.epoch, e.xid, e.seq
  ), done as (
    update plimsoll.saga_steps j set state = 'done', due = null, output = pg_catalog.json_build_object('got', f.data::json, 'id', f.id)::text, at = plimsoll.now_ms()
    from found f where j.saga = f.saga and j.name = f.name and j.state = 'waiting' returning j.saga
  )
  select (select array_agg(d.saga) from done d), (select count(*) from scanned), e.epoch, e.xid, e.seq
  into woken, looked, last_epoch, last_xid, last_seq from scanned e order by e.epoch desc, e.xid desc, e.seq desc limit 1;
  if looked > 0 then
    update plimsoll.saga_event_position p set epoch = last_epoch, xid = last_xid, seq = last_seq;
    perform plimsoll.wake_sagas(woken);
  end if;
  return coalesce(looked, 0);
end $$;
grant execute on function plimsoll.match_saga_events to :"app";
