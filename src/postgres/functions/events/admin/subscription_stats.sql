-- How far subscriptions are. lag: unread events of their names, up to a bound, and the age of the oldest of them.
create or replace function plimsoll.subscription_stats(p_names text[], p_events jsonb, p_bound integer)
  returns table (
    name text, partitions integer, owned integer, paused boolean, epoch integer, xid xid8, seq bigint, lag integer, lag_ms bigint,
    parked integer, stopped integer, dead_letters integer
  )
  language sql volatile security definer set search_path = ''
  set enable_seqscan = off set jit = off
  as $$
  select s.name, s.partitions, (select pg_catalog.count(*) from plimsoll.subscription_partitions o where o.subscription = s.name and o.owner is not null)::integer,
    s.paused, f.epoch, f.xid, f.seq, l.lag, coalesce(l.lag_ms, 0),
    (select pg_catalog.count(*) from (select from plimsoll.parked_events p where p.subscription = s.name limit p_bound) c)::integer,
    (select pg_catalog.count(*) from (select from plimsoll.parked_events p where p.subscription = s.name and p.due = 'infinity' limit p_bound) c)::integer,
    (select pg_catalog.count(*) from (select from plimsoll.event_dead_letters d where d.subscription = s.name limit p_bound) c)::integer
  from plimsoll.subscriptions s
  cross join lateral (
    select t.epoch, t.xid, t.seq from plimsoll.subscription_partitions t where t.subscription = s.name order by t.epoch, t.xid, t.seq limit 1
  ) f
  cross join lateral (
    select pg_catalog.count(*)::integer as lag, (extract(epoch from plimsoll.now() - pg_catalog.min(u.recorded_at)) * 1000)::bigint as lag_ms
    from (
      select e.recorded_at from plimsoll.every_event e
      where (e.epoch, e.xid, e.seq) > (f.epoch, f.xid, f.seq) and (not p_events ? s.name or p_events -> s.name ? e.name)
      order by e.epoch, e.xid, e.seq limit p_bound
    ) u
  ) l
  where p_names is null or s.name = any (p_names) order by s.name limit 1000 $$;
grant execute on function plimsoll.subscription_stats to :"app";
