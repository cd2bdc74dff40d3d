-- Completes a parked event, also inside a transaction of its handler, which it undoes where the partition has another owner or the event is parked no more.
-- Returns whether another event of its key is parked.
create or replace function plimsoll.complete_parked_event(
  p_subscription text, p_partition integer, p_fence bigint, p_order_key text, p_epoch integer, p_xid xid8, p_seq bigint
) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform plimsoll.hold_subscription(p_subscription, p_partition, p_fence);
  return plimsoll.follow_parked_event(p_subscription, p_partition, p_order_key, p_epoch, p_xid, p_seq);
end $$;
grant execute on function plimsoll.complete_parked_event to :"app";
