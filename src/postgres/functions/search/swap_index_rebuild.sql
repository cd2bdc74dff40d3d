-- Gives a projection the position of its rebuild, once the index has swapped its documents. Returns false where it is further than the rebuild.
create or replace function plimsoll.swap_index_rebuild(p_name text, p_partition integer, p_fence bigint) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  held plimsoll.event_position := plimsoll.hold_subscription(p_name, p_partition, p_fence);
  built plimsoll.event_position;
begin
  select r.epoch, r.xid, r.seq into built from plimsoll.projection_rebuilds r where r.name = p_name for update;
  if not found or (built.epoch, built.xid, built.seq) < (held.epoch, held.xid, held.seq) then
    return false;
  end if;
  update plimsoll.subscription_partitions t set epoch = built.epoch, xid = built.xid, seq = built.seq
  where t.subscription = p_name and t.partition = p_partition;
  delete from plimsoll.projection_rebuilds r where r.name = p_name;
  return true;
end $$;
grant execute on function plimsoll.swap_index_rebuild to :"app";
