-- Gives partitions back, for others to take.
create or replace function plimsoll.release_subscription(p_subscription text, p_partitions integer[], p_fences bigint[]) returns void
  language sql volatile security definer set search_path = ''
  as $$
  update plimsoll.subscription_partitions t set owner = null, fence = t.fence + 1
  from unnest(p_partitions, p_fences) as r (partition, fence)
  where t.subscription = p_subscription and t.partition = r.partition and t.fence = r.fence $$;
grant execute on function plimsoll.release_subscription to :"app";
