-- Writes steps of sagas that are still leased to a worker.
create or replace function plimsoll.record_saga_steps(
  p_token bigint, p_sagas uuid[], p_names text[], p_kinds text[], p_states text[], p_attempts smallint[], p_delays bigint[], p_undoable boolean[],
  p_outputs text[], p_faults text[], p_awaited text[], p_matches jsonb[]
) returns void
  language sql volatile set search_path = ''
  as $$
  insert into plimsoll.saga_steps as j (saga, name, kind, state, attempt, due, undoable, output, fault, awaited, matches, at)
  select r.saga, r.name, r.kind, r.state, r.attempt, plimsoll.now_ms() + r.delay, r.undoable, r.output, r.fault, r.awaited, r.matches, plimsoll.now_ms()
  from unnest(p_sagas, p_names, p_kinds, p_states, p_attempts, p_delays, p_undoable, p_outputs, p_faults, p_awaited, p_matches)
    as r (saga, name, kind, state, attempt, delay, undoable, output, fault, awaited, matches)
  join plimsoll.sagas s on s.id = r.saga and s.lease = p_token
  on conflict (saga, name) do update set state = excluded.state, attempt = excluded.attempt, due = excluded.due, output = coalesce(excluded.output, j.output),
    fault = case when excluded.state in ('undone', 'undo_retryable') then j.fault else excluded.fault end, at = excluded.at
    -- What is done stays so, also where the response to its commit was lost and the attempt counts as failed. It can only be undone.
    where j.state not in ('done', 'undone') or j.state = 'done' and excluded.state in ('undone', 'undo_retryable') $$;
