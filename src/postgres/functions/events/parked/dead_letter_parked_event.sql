-- Makes a dead letter of a parked event. Returns whether another event of its key is parked. Called while the partition is locked.
create or replace function plimsoll.dead_letter_parked_event(
  p_subscription text, p_partition integer, p_order_key text, p_epoch integer, p_xid xid8, p_seq bigint, p_attempt integer, p_code text, p_reason text
) returns boolean
  language plpgsql volatile set search_path = ''
  as $$
begin
  insert into plimsoll.event_dead_letters (
    subscription, partition, order_key, epoch, xid, seq, attempt, code, reason, id, name, version, key, tenant, actor, trace, causation, correlation,
    recorded_at, data
  )
  select p.subscription, p.partition, p.order_key, p.epoch, p.xid, p.seq, coalesce(p_attempt, p.attempt), p_code, p_reason, p.id, p.name, p.version, p.key,
    p.tenant, p.actor, p.trace, p.causation, p.correlation, p.recorded_at, p.data
  from plimsoll.parked_events p
  where p.subscription = p_subscription and p.partition = p_partition and p.order_key = p_order_key and p.epoch = p_epoch and p.xid = p_xid and p.seq = p_seq
  on conflict (subscription, id) do update set died = excluded.died, attempt = excluded.attempt, code = excluded.code, reason = excluded.reason;
  return plimsoll.follow_parked_event(p_subscription, p_partition, p_order_key, p_epoch, p_xid, p_seq);
end $$;
