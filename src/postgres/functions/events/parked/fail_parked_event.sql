-- Puts a parked event off after an attempt that failed, or makes a dead letter of it (p_final). p_delay_ms: as of park_event.
-- Returns whether an event of its key is still parked.
create or replace function plimsoll.fail_parked_event(
  p_subscription text, p_partition integer, p_fence bigint, p_order_key text, p_epoch integer, p_xid xid8, p_seq bigint,
  p_attempt integer, p_delay_ms double precision, p_code text, p_reason text, p_final boolean
) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform plimsoll.hold_subscription(p_subscription, p_partition, p_fence);
  if p_final then
    return plimsoll.dead_letter_parked_event(p_subscription, p_partition, p_order_key, p_epoch, p_xid, p_seq, p_attempt, p_code, p_reason);
  end if;
  update plimsoll.parked_events p
  set attempt = p_attempt, code = p_code, reason = p_reason,
    due = case when p_delay_ms < 0 then 'infinity' else plimsoll.now() + p_delay_ms * interval '1 millisecond' end
  where p.subscription = p_subscription and p.partition = p_partition and p.order_key = p_order_key and p.epoch = p_epoch and p.xid = p_xid and p.seq = p_seq;
  if not found then
    raise exception 'this event is parked no more' using errcode = 'PL001';
  end if;
  return true;
end $$;
grant execute on function plimsoll.fail_parked_event to :"app";
