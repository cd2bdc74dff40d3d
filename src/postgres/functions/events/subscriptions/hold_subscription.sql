-- Locks a partition for a write about it, or undoes the transaction where another worker has it by now.
create or replace function plimsoll.hold_subscription(p_subscription text, p_partition integer, p_fence bigint) returns plimsoll.event_position
  language plpgsql volatile set search_path = ''
  as $$
declare
  held plimsoll.event_position;
begin
  select t.epoch, t.xid, t.seq into held from plimsoll.subscription_partitions t
  where t.subscription = p_subscription and t.partition = p_partition and t.fence = p_fence and t.owner is not null for update;
  if not found then
    raise exception 'the lease of this partition is lost' using errcode = 'PL001';
  end if;
  return held;
end $$;
