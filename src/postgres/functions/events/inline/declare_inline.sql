-- Declares a projection that is kept inline, at the start of a process. Of other events than before, its table is to be made again.
create or replace function plimsoll.declare_inline(p_name text, p_events text[]) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  insert into plimsoll.inline_projections as i (name, events, state) values (p_name, p_events, 'filling')
  on conflict (name) do update set events = excluded.events, state = case i.state when 'live' then 'stale' else i.state end
  where i.events <> excluded.events;
end $$;
grant execute on function plimsoll.declare_inline to :"app";
