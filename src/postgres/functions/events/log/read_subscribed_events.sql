-- What read_events returns of the events that a subscription takes, and of those that newer code of it takes: both are looked up in one snapshot, so that none is
-- passed that was emitted after that code had said what it takes.
create or replace function plimsoll.read_subscribed_events(
  p_subscription text, p_takes text[], p_kept_ms bigint, p_names text[], p_epoch integer, p_xid xid8, p_seq bigint, p_scan integer, p_bytes bigint
) returns table (
    epoch integer, xid xid8, seq bigint, id uuid, name text, version integer, key text, tenant text, actor text, trace text, causation text,
    correlation text, recorded_at timestamptz, data text, wanted boolean
  )
  language sql stable security definer set search_path = ''
  as $$
  select r.* from (
    select p_names || coalesce(pg_catalog.array_agg(distinct pg_catalog.split_part(n.taken, ' ', 1)), '{}') as names
    from unnest(plimsoll.newer_subscription_code(p_subscription, p_takes, p_kept_ms)) as n (taken)
  ) n
  cross join lateral plimsoll.read_events(n.names, p_epoch, p_xid, p_seq, p_scan, p_bytes) r
  order by r.epoch, r.xid, r.seq $$;
grant execute on function plimsoll.read_subscribed_events to :"app";
