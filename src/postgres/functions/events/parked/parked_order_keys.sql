-- The keys of a partition that have parked events.
create or replace function plimsoll.parked_order_keys(p_subscription text, p_partition integer) returns setof text
  language sql stable security definer set search_path = ''
  as $$ select distinct p.order_key from plimsoll.parked_events p where p.subscription = p_subscription and p.partition = p_partition $$;
grant execute on function plimsoll.parked_order_keys to :"app";
