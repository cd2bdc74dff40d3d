-- One saga by its id, or the latest of a name and a state.
create or replace function plimsoll.read_sagas(p_id uuid, p_name text, p_state text, p_limit integer)
  returns table (
    id uuid, name text, version integer, state text, undoing boolean, tenant text, input text, output text, fault text, started bigint, deadline bigint, due bigint,
    ended bigint
  )
  language sql stable security definer set search_path = ''
  as $$
  select s.id, s.name, s.version, case when s.lease is not null then 'running' else s.state end, s.undoing, s.context::json ->> 'tenant', s.input, s.output,
    coalesce(s.stopped, s.fault), s.started, s.deadline, s.due, s.ended
  from plimsoll.sagas s
  where (p_id is null or s.id = p_id) and (p_name is null or s.name = p_name) and (p_state is null or s.state = p_state)
  order by s.id desc limit p_limit $$;
grant execute on function plimsoll.read_sagas to :"app";
