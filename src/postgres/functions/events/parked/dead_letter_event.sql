-- Makes a dead letter of an event that was never parked, and moves the position of its partition past it, in one write.
create or replace function plimsoll.dead_letter_event(
  p_subscription text, p_partition integer, p_fence bigint, p_order_key text, p_epoch integer, p_xid xid8, p_seq bigint,
  p_attempt integer, p_code text, p_reason text,
  p_id uuid, p_name text, p_version integer, p_key text, p_tenant text, p_actor text, p_trace text, p_causation text, p_correlation text,
  p_recorded_at timestamptz, p_data text
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform plimsoll.hold_subscription(p_subscription, p_partition, p_fence);
  insert into plimsoll.event_dead_letters (
    subscription, partition, order_key, epoch, xid, seq, attempt, code, reason, id, name, version, key, tenant, actor, trace, causation, correlation,
    recorded_at, data
  ) values (
    p_subscription, p_partition, p_order_key, p_epoch, p_xid, p_seq, p_attempt, p_code, p_reason, p_id, p_name, p_version, p_key, p_tenant, p_actor,
    p_trace, p_causation, p_correlation, p_recorded_at, p_data
  ) on conflict (subscription, id) do update set died = excluded.died, attempt = excluded.attempt, code = excluded.code, reason = excluded.reason;
  update plimsoll.subscription_partitions t set epoch = p_epoch, xid = p_xid, seq = p_seq
  where t.subscription = p_subscription and t.partition = p_partition and (t.epoch, t.xid, t.seq) < (p_epoch, p_xid, p_seq);
end $$;
grant execute on function plimsoll.dead_letter_event to :"app";
