-- Has sagas begin again with a new input and an empty journal.
create or replace function plimsoll.continue_sagas(p_token bigint, p_sagas uuid[], p_states text[], p_inputs text[]) returns void
  language plpgsql volatile set search_path = ''
  as $$
begin
  delete from plimsoll.saga_steps j using unnest(p_sagas, p_states) as e (id, state), plimsoll.sagas s
  where e.state = 'continued' and j.saga = e.id and s.id = e.id and s.lease = p_token;
  update plimsoll.sagas s set input = e.input, generation = s.generation + 1, started = plimsoll.now_ms(), deadline = plimsoll.now_ms() + s.deadline - s.started,
    xid = pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())
  from unnest(p_sagas, p_states, p_inputs) as e (id, state, input)
  where e.state = 'continued' and s.id = e.id and s.lease = p_token;
end $$;
