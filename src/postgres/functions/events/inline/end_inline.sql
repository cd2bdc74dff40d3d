-- A projection is not kept inline any more. Returns whether commands kept it, so that its table is to be made again.
create or replace function plimsoll.end_inline(p_name text) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  was text;
begin
  delete from plimsoll.inline_projections i where i.name = p_name returning i.state into was;
  delete from plimsoll.inline_rows r where r.projection = p_name;
  return coalesce(was <> 'filling', false);
end $$;
grant execute on function plimsoll.end_inline to :"app";
