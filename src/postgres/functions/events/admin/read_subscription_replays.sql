-- The last replays, of a subscription or of all, the newest first.
create or replace function plimsoll.read_subscription_replays(p_subscription text, p_limit integer)
  returns table (subscription text, "replayedAt" text, by text, reason text, epoch integer, xid text, seq bigint)
  language sql stable security definer set search_path = ''
  as $$
  select r.subscription, pg_catalog.to_char(r.replayed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), r.actor, r.reason, r.epoch, r.xid::text, r.seq
  from plimsoll.subscription_replays r where p_subscription is null or r.subscription = p_subscription order by r.id desc limit p_limit $$;
grant execute on function plimsoll.read_subscription_replays to :"app";
