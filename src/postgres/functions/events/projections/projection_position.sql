-- Up to where a projection is; no row where none of the name was started.
create or replace function plimsoll.projection_position(p_name text, out epoch integer, out xid xid8, out seq bigint) returns setof record
  language sql stable security definer set search_path = ''
  as $$
  select t.epoch, t.xid, t.seq from plimsoll.subscription_partitions t where t.subscription = p_name and t.partition = 0 $$;
grant execute on function plimsoll.projection_position to :"app";
