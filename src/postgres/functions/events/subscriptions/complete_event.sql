-- Completes an event inside a transaction of its handler, or undoes that transaction: its partition has another owner, or the event is done already.
create or replace function plimsoll.complete_event(
  p_subscription text, p_partition integer, p_fence bigint, p_epoch integer, p_xid xid8, p_seq bigint
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  held plimsoll.event_position := plimsoll.hold_subscription(p_subscription, p_partition, p_fence);
begin
  -- Code that knows nothing of that would apply events which commands have applied.
  if exists (select from plimsoll.inline_projections i where i.name = p_subscription and i.state <> 'filling') then
    raise exception 'commands keep this projection' using errcode = 'PL001';
  end if;
  if (held.epoch, held.xid, held.seq) >= (p_epoch, p_xid, p_seq) then
    raise exception 'this event is done already' using errcode = 'PL001';
  end if;
  update plimsoll.subscription_partitions t set epoch = p_epoch, xid = p_xid, seq = p_seq
  where t.subscription = p_subscription and t.partition = p_partition;
end $$;
grant execute on function plimsoll.complete_event to :"app";
