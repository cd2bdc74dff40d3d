-- Sets an event aside and moves the position of its partition past it, in one write. p_delay_ms: after how long it is due; null behind others of its key, negative
-- where a person has to act. Returns false where as many are parked as may be, and then nothing is changed. One that is parked already, as by a retry of its dead letter
-- while a replay reads it, stays where it is, with what this attempt found.
create or replace function plimsoll.park_event(
  p_subscription text, p_partition integer, p_fence bigint, p_order_key text, p_epoch integer, p_xid xid8, p_seq bigint,
  p_attempt integer, p_delay_ms double precision, p_code text, p_reason text, p_most integer,
  p_id uuid, p_name text, p_version integer, p_key text, p_tenant text, p_actor text, p_trace text, p_causation text, p_correlation text,
  p_recorded_at timestamptz, p_data text
) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  held plimsoll.event_position := plimsoll.hold_subscription(p_subscription, p_partition, p_fence);
  due_at timestamptz := case when p_delay_ms < 0 then 'infinity' else plimsoll.now() + p_delay_ms * interval '1 millisecond' end;
begin
  if (held.epoch, held.xid, held.seq) >= (p_epoch, p_xid, p_seq) then
    -- The response to an earlier attempt of this write was lost.
    return true;
  end if;
  update plimsoll.parked_events p
  set due = case when p.due is null or due_at is null then p.due else due_at end, attempt = case when due_at is null then p.attempt else p_attempt end,
    code = coalesce(p_code, p.code), reason = coalesce(p_reason, p.reason)
  where p.subscription = p_subscription and p.partition = p_partition and p.order_key = p_order_key and p.epoch = p_epoch and p.xid = p_xid and p.seq = p_seq;
  if found then
    update plimsoll.subscription_partitions t set epoch = p_epoch, xid = p_xid, seq = p_seq
    where t.subscription = p_subscription and t.partition = p_partition;
    return true;
  end if;
  if (select pg_catalog.count(*) from (select from plimsoll.parked_events p where p.subscription = p_subscription limit p_most) c) >= p_most then
    return false;
  end if;
  if due_at is null and not exists (
    select from plimsoll.parked_events p where p.subscription = p_subscription and p.partition = p_partition and p.order_key = p_order_key
  ) then
    due_at := plimsoll.now();
  end if;
  insert into plimsoll.parked_events (
    subscription, partition, order_key, epoch, xid, seq, due, attempt, code, reason, id, name, version, key, tenant, actor, trace, causation, correlation,
    recorded_at, data
  ) values (
    p_subscription, p_partition, p_order_key, p_epoch, p_xid, p_seq, due_at, p_attempt, p_code, p_reason, p_id, p_name, p_version, p_key, p_tenant, p_actor,
    p_trace, p_causation, p_correlation, p_recorded_at, p_data
  );
  update plimsoll.subscription_partitions t set epoch = p_epoch, xid = p_xid, seq = p_seq
  where t.subscription = p_subscription and t.partition = p_partition;
  return true;
end $$;
grant execute on function plimsoll.park_event to :"app";
