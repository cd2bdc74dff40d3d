-- Writes what a worker has done: steps of its sagas, and the ends of their runs. Returns those of the ended that were still leased to it.
create or replace function plimsoll.settle_sagas(
  p_token bigint, p_sagas uuid[], p_names text[], p_kinds text[], p_states text[], p_attempts smallint[], p_delays bigint[], p_undoable boolean[],
  p_outputs text[], p_faults text[], p_awaited text[], p_matches jsonb[], p_ended uuid[], p_ends text[], p_end_outputs text[], p_end_faults text[]
) returns uuid[]
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set jit = off
  as $$
begin
  -- A worker that takes its sagas over deletes this row first.
  perform from plimsoll.saga_workers w where w.token = p_token for key share;
  if not found then
    raise exception 'the lease of this worker is lost' using errcode = 'PL001';
  end if;
  if pg_catalog.cardinality(p_sagas) > 0 then
    perform plimsoll.record_saga_steps(p_token, p_sagas, p_names, p_kinds, p_states, p_attempts, p_delays, p_undoable, p_outputs, p_faults, p_awaited, p_matches);
    if 'signal' = any (p_kinds) then
      perform plimsoll.wake_signalled(p_sagas);
    end if;
    if 'event' = any (p_kinds) then
      perform plimsoll.match_past_events(p_sagas);
    end if;
  end if;
  if pg_catalog.cardinality(p_ended) = 0 then
    return '{}';
  end if;
  return plimsoll.end_sagas(p_token, p_ended, p_ends, p_end_outputs, p_end_faults);
end $$;
grant execute on function plimsoll.settle_sagas to :"app";
