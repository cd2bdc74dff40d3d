-- Moves a subscription back to the first event that was recorded at a time or later, or that stands at a position or behind it, and takes its partitions from their
-- workers, which take them again from there. p_names: what it handles, as far as that is known. Keeps who did it and why, for the last p_kept of the subscription.
-- A parked event that is read again is parked no more: its attempts begin again, in the order of its key. One that would not be read again stays.
-- Returns replayed, unknown where there is no such subscription, nothing where there is no such event, and dropped where retention has taken some of them.
create or replace function plimsoll.replay_subscription(
  p_name text, p_from timestamptz, p_epoch integer, p_xid xid8, p_seq bigint, p_names text[], p_actor text, p_reason text, p_kept integer
) returns text
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  first plimsoll.event_position;
begin
  -- While this is held, retention takes nothing out of the log: it would take what the subscription had read and is to read again.
  perform pg_catalog.pg_advisory_xact_lock_shared('plimsoll.event_epoch'::pg_catalog.regclass::pg_catalog.oid::bigint);
  -- Before anything is looked at: two replays of one subscription, and its end, come one after the other.
  perform from plimsoll.subscriptions s where s.name = p_name for update;
  if not found then
    return 'unknown';
  end if;
  if exists (
    select from plimsoll.event_cuts c
    where (p_names is null or c.name = any (p_names)) and (c.recorded_at >= p_from or (c.epoch, c.xid, c.seq) >= (p_epoch, p_xid, p_seq))
  ) then
    return 'dropped';
  end if;
  select e.epoch, e.xid, e.seq into first from plimsoll.every_event e
  where e.recorded_at >= p_from or (e.epoch, e.xid, e.seq) >= (p_epoch, p_xid, p_seq) order by e.epoch, e.xid, e.seq limit 1;
  if not found then
    return 'nothing';
  end if;
  update plimsoll.subscription_partitions t set epoch = first.epoch, xid = first.xid, seq = first.seq - 1, owner = null, fence = t.fence + 1
  where t.subscription = p_name and t.partition = any (array(
    select l.partition from plimsoll.subscription_partitions l where l.subscription = p_name order by l.partition for update))
    and (t.epoch, t.xid, t.seq) > (first.epoch, first.xid, first.seq - 1);
  delete from plimsoll.parked_events p
  where p.subscription = p_name and (p.epoch, p.xid, p.seq) >= (first.epoch, first.xid, first.seq) and (p_names is null or p.name = any (p_names))
    and exists (select from plimsoll.every_event e where e.epoch = p.epoch and e.xid = p.xid and e.seq = p.seq and e.id = p.id);
  -- One that stays may have waited behind one of these.
  update plimsoll.parked_events p set due = plimsoll.now()
  where p.subscription = p_name and p.due is null and not exists (
    select from plimsoll.parked_events b where b.subscription = p.subscription and b.partition = p.partition and b.order_key = p.order_key
      and (b.epoch, b.xid, b.seq) < (p.epoch, p.xid, p.seq));
  insert into plimsoll.subscription_replays (subscription, actor, reason, epoch, xid, seq)
  values (p_name, p_actor, p_reason, first.epoch, first.xid, first.seq);
  delete from plimsoll.subscription_replays r where r.subscription = p_name and r.id <= (
    select o.id from plimsoll.subscription_replays o where o.subscription = p_name order by o.id desc offset p_kept limit 1);
  return 'replayed';
end $$;
grant execute on function plimsoll.replay_subscription to :"app";
