-- The events that other code of a subscription takes and this code does not, as far as it was deployed later and was seen in the last p_kept_ms. Where this code was
-- itself not seen all that time, as after an outage, nothing says that the other is gone: then it counts too.
create or replace function plimsoll.newer_subscription_code(p_subscription text, p_takes text[], p_kept_ms bigint) returns text[]
  language sql stable security definer set search_path = ''
  as $$
  select coalesce(pg_catalog.array_agg(distinct t.taken), '{}')
  from plimsoll.subscription_code own
  join plimsoll.subscription_code c on c.subscription = own.subscription and c.deployed > own.deployed and (
    c.seen >= plimsoll.now() - p_kept_ms * interval '1 millisecond'
    or own.since > plimsoll.now() - p_kept_ms * interval '1 millisecond'
    or own.seen < plimsoll.now() - p_kept_ms / 5 * interval '1 millisecond')
  cross join lateral unnest(c.takes) as t (taken)
  where own.subscription = p_subscription and own.digest = pg_catalog.md5(p_takes::text) and not t.taken = any (p_takes) $$;
grant execute on function plimsoll.newer_subscription_code to :"app";
