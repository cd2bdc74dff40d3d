-- The parked events that are due in these partitions of a worker, each the first of its key. Of one partition at most a tenth of p_limit: it keeps out no others.
create or replace function plimsoll.parked_events_due_in(p_token bigint, p_subscriptions text[], p_partitions integer[], p_limit integer)
  returns setof plimsoll.parked_events
  language sql stable security definer set search_path = ''
  as $$
  select d.* from unnest(p_subscriptions, p_partitions) as r (subscription, partition)
  join plimsoll.subscription_partitions t on t.subscription = r.subscription and t.partition = r.partition and t.owner = p_token
  cross join lateral (
    select p.* from plimsoll.parked_events p
    where p.subscription = t.subscription and p.partition = t.partition and p.due <= plimsoll.now()
    order by p.due limit greatest(1, p_limit / 10)
  ) d
  order by d.due limit p_limit $$;
grant execute on function plimsoll.parked_events_due_in to :"app";
