-- The last messages that could not be handled, the newest first.
create or replace function plimsoll.read_inbox_dead_letters(p_subscription text, p_limit integer)
  returns table (id uuid, subscription text, shard text, place text, died timestamptz, reason text, headers text, body text)
  language sql stable security definer set search_path = ''
  as $$
  select l.id, l.subscription, l.shard, l.place, l.died, l.reason, l.headers, pg_catalog.encode(l.body, 'base64')
  from plimsoll.inbox_dead_letters l where p_subscription is null or l.subscription = p_subscription order by l.died desc, l.id limit p_limit $$;
grant execute on function plimsoll.read_inbox_dead_letters to :"app";
