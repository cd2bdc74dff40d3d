-- Ends a rebuild of a search index. Returns whether one was under way.
create or replace function plimsoll.cancel_index_rebuild(p_name text) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  delete from plimsoll.projection_rebuilds r where r.name = p_name;
  return found;
end $$;
grant execute on function plimsoll.cancel_index_rebuild to :"app";
