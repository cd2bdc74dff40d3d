-- How a projection is kept. `cut`: it is to be made again, and the log has dropped events that its table has.
create or replace function plimsoll.inline_state(p_name text) returns text
  language sql stable security definer set search_path = ''
  as $$
  select case when i.state = 'stale' and exists (select from plimsoll.event_cuts c where c.name = any (i.events)) then 'cut' else i.state end
  from plimsoll.inline_projections i where i.name = p_name $$;
grant execute on function plimsoll.inline_state to :"app";
