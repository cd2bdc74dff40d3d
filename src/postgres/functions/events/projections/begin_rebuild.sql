-- Begins a rebuild of a projection: makes the table beside its own. Returns whether none was under way.
create or replace function plimsoll.begin_rebuild(p_name text, p_schema text, p_table text, p_beside text, p_events text[], p_bound bigint) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform plimsoll.refuse_rebuild(p_schema, p_table);
  perform from plimsoll.subscription_partitions t where t.subscription = p_name for update;
  if not found or exists (select from plimsoll.projection_rebuilds r where r.name = p_name) then
    return false;
  end if;
  perform plimsoll.copy_table(plimsoll.refuse_rebuild(p_schema, p_table), p_schema, p_beside);
  insert into plimsoll.projection_rebuilds (name, total)
  select p_name, pg_catalog.count(*) from (select from plimsoll.every_event e where e.name = any (p_events) limit p_bound) c;
  return true;
end $$;
grant execute on function plimsoll.begin_rebuild to :"app";
