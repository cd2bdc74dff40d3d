-- In how many milliseconds the next parked event of these partitions of a worker is due; null where none is.
create or replace function plimsoll.next_parked_event_in(p_token bigint, p_subscriptions text[], p_partitions integer[]) returns double precision
  language sql stable security definer set search_path = ''
  as $$
  select extract(epoch from pg_catalog.min(p.due) - plimsoll.now()) * 1000
  from unnest(p_subscriptions, p_partitions) as r (subscription, partition)
  join plimsoll.subscription_partitions t on t.subscription = r.subscription and t.partition = r.partition and t.owner = p_token
  join plimsoll.parked_events p on p.subscription = t.subscription and p.partition = t.partition
  where p.due < 'infinity' $$;
grant execute on function plimsoll.next_parked_event_in to :"app";
