-- Makes a subscription where there is none of the name. p_beginning: it begins with the oldest event that is kept, and not with the next one.
-- Returns the number of its partitions, which never changes.
create or replace function plimsoll.declare_subscription(p_name text, p_partitions integer, p_beginning boolean) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  head plimsoll.event_position;
begin
  -- Where the cluster is another one by now, what was appended before is of an earlier epoch.
  perform plimsoll.join_event_epoch();
  insert into plimsoll.subscriptions (name, partitions) values (p_name, p_partitions) on conflict (name) do nothing;
  if found then
    head := case when p_beginning then row (0, '0'::xid8, 0)::plimsoll.event_position
      else row ((select c.epoch from plimsoll.event_epoch c), pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()), 0)::plimsoll.event_position end;
    insert into plimsoll.subscription_partitions (subscription, partition, epoch, xid, seq)
    select p_name, n, head.epoch, head.xid, head.seq from pg_catalog.generate_series(0, p_partitions - 1) n;
  else
    update plimsoll.subscriptions s set seen = plimsoll.now() where s.name = p_name;
  end if;
  return (select s.partitions from plimsoll.subscriptions s where s.name = p_name);
end $$;
grant execute on function plimsoll.declare_subscription to :"app";
