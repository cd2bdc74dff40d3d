-- The parked events that are due in the partitions of a worker, each the first of its key.
create or replace function plimsoll.due_parked_events(p_token bigint, p_limit integer) returns setof plimsoll.parked_events
  language sql stable security definer set search_path = ''
  as $$
  select p.* from plimsoll.subscription_partitions t
  join plimsoll.parked_events p on p.subscription = t.subscription and p.partition = t.partition
  where t.owner = p_token and p.due <= plimsoll.now() order by p.due limit p_limit $$;
grant execute on function plimsoll.due_parked_events to :"app";
