-- How far a subscription has received each shard of its broker.
create or replace function plimsoll.read_inbox(p_subscription text) returns table (shard text, "position" text)
  language sql stable security definer set search_path = ''
  as $$
  select i.shard, i.position from plimsoll.inboxes i where i.subscription = p_subscription order by i.shard limit 10000 $$;
grant execute on function plimsoll.read_inbox to :"app";
