-- Makes a parked event, or a dead letter, due now. A dead letter is parked again, behind those of its key, unless a replay has parked it there already.
-- Returns whether there was one.
create or replace function plimsoll.retry_event(p_subscription text, p_id uuid) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  at smallint;
  died uuid;
begin
  select x.partition into at from (
    select p.partition from plimsoll.parked_events p where p.subscription = p_subscription and p.id = p_id
    union all select d.partition from plimsoll.event_dead_letters d where d.subscription = p_subscription and d.id = p_id
  ) x limit 1;
  perform from plimsoll.subscription_partitions t where t.subscription = p_subscription and t.partition = at for update;
  update plimsoll.parked_events p set due = plimsoll.now() where p.subscription = p_subscription and p.id = p_id and p.due is not null;
  if found then
    return true;
  end if;
  select d.id into died from plimsoll.event_dead_letters d where d.subscription = p_subscription and d.id = p_id;
  with gone as (
    delete from plimsoll.event_dead_letters d where d.subscription = p_subscription and d.id = p_id returning d.*
  )
  insert into plimsoll.parked_events (
    subscription, partition, order_key, epoch, xid, seq, due, attempt, code, reason, id, name, version, key, tenant, actor, trace, causation, correlation,
    recorded_at, data
  )
  select g.subscription, g.partition, g.order_key, g.epoch, g.xid, g.seq,
    case when not exists (
      select from plimsoll.parked_events p where p.subscription = g.subscription and p.partition = g.partition and p.order_key = g.order_key
    ) then plimsoll.now() end,
    0, g.code, g.reason, g.id, g.name, g.version, g.key, g.tenant, g.actor, g.trace, g.causation, g.correlation, g.recorded_at, g.data
  from gone g
  on conflict (subscription, partition, order_key, epoch, xid, seq) do nothing;
  return died is not null;
end $$;
grant execute on function plimsoll.retry_event to :"app";
