-- Makes a dead letter of a parked event, with the reason that a person gives. Returns whether it was parked.
create or replace function plimsoll.skip_event(p_subscription text, p_id uuid, p_reason text) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  at record;
begin
  select p.partition into at from plimsoll.parked_events p where p.subscription = p_subscription and p.id = p_id;
  if not found then
    return false;
  end if;
  perform from plimsoll.subscription_partitions t where t.subscription = p_subscription and t.partition = at.partition for update;
  select p.partition, p.order_key, p.epoch, p.xid, p.seq into at from plimsoll.parked_events p where p.subscription = p_subscription and p.id = p_id;
  if not found then
    return false;
  end if;
  perform plimsoll.dead_letter_parked_event(p_subscription, at.partition, at.order_key, at.epoch, at.xid, at.seq, null, 'event_skipped', p_reason);
  return true;
end $$;
grant execute on function plimsoll.skip_event to :"app";
