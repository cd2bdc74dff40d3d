-- Begins a rebuild of a projection whose rows are in a search index. Returns whether none was under way.
create or replace function plimsoll.begin_index_rebuild(p_name text, p_events text[], p_bound bigint) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform from plimsoll.subscription_partitions t where t.subscription = p_name for update;
  if not found or exists (select from plimsoll.projection_rebuilds r where r.name = p_name) then
    return false;
  end if;
  insert into plimsoll.projection_rebuilds (name, total)
  select p_name, pg_catalog.count(*) from (select from plimsoll.every_event e where e.name = any (p_events) limit p_bound) c;
  return true;
end $$;
grant execute on function plimsoll.begin_index_rebuild to :"app";
