-- Ends a rebuild and drops its table. Returns whether one was under way.
create or replace function plimsoll.cancel_rebuild(p_name text, p_schema text, p_beside text) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  delete from plimsoll.projection_rebuilds r where r.name = p_name;
  if not found then
    return false;
  end if;
  perform plimsoll.refuse_rebuild(p_schema, p_beside);
  execute pg_catalog.format('drop table if exists %I.%I', p_schema, p_beside);
  return true;
end $$;
grant execute on function plimsoll.cancel_rebuild to :"app";
