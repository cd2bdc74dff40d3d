-- Moves a subscription back to the first event that was recorded at a time or later, and takes its partitions from their workers, which take them again from there.
-- Returns whether there is such an event, and such a subscription.
create or replace function plimsoll.replay_subscription(p_name text, p_from timestamptz) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  first plimsoll.event_position;
begin
  select e.epoch, e.xid, e.seq into first from plimsoll.every_event e where e.recorded_at >= p_from order by e.epoch, e.xid, e.seq limit 1;
  if not found then
    return false;
  end if;
  update plimsoll.subscription_partitions t set epoch = first.epoch, xid = first.xid, seq = first.seq - 1, owner = null, fence = t.fence + 1
  where t.subscription = p_name and t.partition = any (array(
    select l.partition from plimsoll.subscription_partitions l where l.subscription = p_name order by l.partition for update))
    and (t.epoch, t.xid, t.seq) > (first.epoch, first.xid, first.seq - 1);
  return exists (select from plimsoll.subscriptions s where s.name = p_name);
end $$;
grant execute on function plimsoll.replay_subscription to :"app";
