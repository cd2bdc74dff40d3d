-- One statement does all that a worker does regularly: it renews the lease, takes over the partitions of workers that were lost, takes its share of those that no
-- worker has, and returns what it has. share: how many partitions of the subscription it should have. No row: the lease is lost.
create or replace function plimsoll.event_heartbeat(p_token bigint, p_lease_ms integer, p_serves text[])
  returns table (subscription text, partition smallint, fence bigint, epoch integer, xid xid8, seq bigint, share integer, paused boolean)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  served record;
begin
  update plimsoll.event_workers w set expires_at = plimsoll.now() + p_lease_ms * interval '1 millisecond' where w.token = p_token;
  if not found then
    return;
  end if;
  delete from plimsoll.event_workers w where w.token = any (array(
    select g.token from plimsoll.event_workers g where g.expires_at <= plimsoll.now() and g.token <> p_token order by g.token for update skip locked));
  perform plimsoll.join_event_epoch();
  update plimsoll.event_epoch e set floor = pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())
  where e.floor < pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot());
  for served in
    select s.name, s.partitions, s.paused,
      (select pg_catalog.count(*) from plimsoll.event_workers w where s.name = any (w.serves)) as workers,
      (select pg_catalog.count(*) from plimsoll.subscription_partitions o where o.subscription = s.name and o.owner = p_token) as has
    from plimsoll.subscriptions s where s.name = any (p_serves) order by s.name
  loop
    share := pg_catalog.ceil(served.partitions::numeric / greatest(1, served.workers));
    update plimsoll.subscription_partitions t set owner = p_token, fence = t.fence + 1
    where t.subscription = served.name and t.partition = any (array(
      select f.partition from plimsoll.subscription_partitions f
      where f.subscription = served.name and (f.owner is null or not exists (select from plimsoll.event_workers w where w.token = f.owner))
      order by f.partition limit greatest(0, share - served.has) for update skip locked));
    return query
      select o.subscription, o.partition, o.fence, o.epoch, o.xid, o.seq, share, served.paused
      from plimsoll.subscription_partitions o where o.subscription = served.name and o.owner = p_token order by o.partition;
  end loop;
  -- A row without a partition says that the lease holds.
  return query select null::text, null::smallint, null::bigint, null::integer, null::xid8, null::bigint, null::integer, null::boolean;
end $$;
grant execute on function plimsoll.event_heartbeat to :"app";
