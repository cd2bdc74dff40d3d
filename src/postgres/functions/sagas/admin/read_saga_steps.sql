create or replace function plimsoll.read_saga_steps(p_saga uuid)
  returns table (name text, kind text, state text, attempt smallint, due bigint, undoable boolean, output text, fault text, at bigint)
  language sql stable security definer set search_path = ''
  as $$
  select j.name, j.kind, j.state, j.attempt, j.due, j.undoable, j.output, j.fault, j.at from plimsoll.saga_steps j where j.saga = p_saga order by j.seq $$;
grant execute on function plimsoll.read_saga_steps to :"app";
