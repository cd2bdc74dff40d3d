-- Takes a parked event away and makes the next one of its key due. Returns whether there is one. Called while the partition is locked.
create or replace function plimsoll.follow_parked_event(p_subscription text, p_partition integer, p_order_key text, p_epoch integer, p_xid xid8, p_seq bigint)
  returns boolean
  language plpgsql volatile set search_path = ''
  as $$
declare
  next_one plimsoll.event_position;
begin
  delete from plimsoll.parked_events p
  where p.subscription = p_subscription and p.partition = p_partition and p.order_key = p_order_key and p.epoch = p_epoch and p.xid = p_xid and p.seq = p_seq;
  if not found then
    raise exception 'this event is parked no more' using errcode = 'PL001';
  end if;
  select p.epoch, p.xid, p.seq into next_one from plimsoll.parked_events p
  where p.subscription = p_subscription and p.partition = p_partition and p.order_key = p_order_key order by p.epoch, p.xid, p.seq limit 1;
  if not found then
    return false;
  end if;
  update plimsoll.parked_events p set due = coalesce(p.due, plimsoll.now())
  where p.subscription = p_subscription and p.partition = p_partition and p.order_key = p_order_key
    and p.epoch = next_one.epoch and p.xid = next_one.xid and p.seq = next_one.seq;
  return true;
end $$;
