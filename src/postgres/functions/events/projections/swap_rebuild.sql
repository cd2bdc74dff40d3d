-- Puts the table of a rebuild in the place of that of its projection, with its position, in one transaction: readers see the one or the other. It gives up soon where
-- the table is held, because all that come behind it wait for it.
create or replace function plimsoll.swap_rebuild(p_name text, p_partition integer, p_fence bigint, p_schema text, p_table text, p_beside text) returns boolean
  language plpgsql volatile security definer set search_path = '' set lock_timeout = '300ms'
  as $$
declare
  held plimsoll.event_position := plimsoll.hold_subscription(p_name, p_partition, p_fence);
  built plimsoll.event_position;
begin
  select r.epoch, r.xid, r.seq into built from plimsoll.projection_rebuilds r where r.name = p_name for update;
  -- What the one in its place has, it must have.
  if not found or (built.epoch, built.xid, built.seq) < (held.epoch, held.xid, held.seq) then
    return false;
  end if;
  perform plimsoll.refuse_rebuild(p_schema, p_table);
  perform plimsoll.refuse_rebuild(p_schema, p_beside);
  execute pg_catalog.format('lock table %I.%I in access exclusive mode', p_schema, p_table);
  execute pg_catalog.format('drop table %I.%I', p_schema, p_table);
  execute pg_catalog.format('alter table %I.%I rename to %I', p_schema, p_beside, p_table);
  update plimsoll.subscription_partitions t set epoch = built.epoch, xid = built.xid, seq = built.seq
  where t.subscription = p_name and t.partition = p_partition;
  delete from plimsoll.projection_rebuilds r where r.name = p_name;
  return true;
exception when lock_not_available then
  return false;
end $$;
grant execute on function plimsoll.swap_rebuild to :"app";
