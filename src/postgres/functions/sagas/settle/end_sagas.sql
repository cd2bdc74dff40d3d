-- Ends the runs of sagas that are leased to a worker: for good, until they are due again, or until a person decides. undoing: keeps the lease.
create or replace function plimsoll.end_sagas(p_token bigint, p_sagas uuid[], p_states text[], p_outputs text[], p_faults text[]) returns uuid[]
  language plpgsql volatile set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  ended uuid[];
begin
  if 'continued' = any (p_states) then
    perform plimsoll.continue_sagas(p_token, p_sagas, p_states, p_outputs);
  end if;
  with moved as (
    update plimsoll.sagas s set
      state = case when e.state = 'undoing' then s.state when e.state = 'continued' then 'ready' else e.state end,
      undoing = s.undoing or e.state = 'undoing',
      lease = case when e.state = 'undoing' then s.lease end,
      due = case
        when e.state in ('completed', 'undone', 'failed', 'suspended') then null
        -- Read from the row as it is now: what woke it may have come after this statement began.
        when e.state in ('ready', 'undoing', 'continued') or s.wakes then now_ms
        -- Its commit was durable, and only the response to it was lost: the step is done, and the saga waits for none.
        when e.state = 'retryable' and not exists (
          select from plimsoll.saga_steps j where j.saga = s.id and j.state in ('retryable', 'undo_retryable')) then now_ms
        else least(case when not s.undoing then s.deadline end,
          (select min(j.due) from plimsoll.saga_steps j where j.saga = s.id and j.state in ('retryable', 'waiting', 'undo_retryable'))) end,
      ended = case when e.state in ('completed', 'undone', 'failed') then now_ms end,
      rescues = 0,
      wakes = s.wakes and e.state = 'undoing',
      output = case when e.state = 'continued' then s.output else coalesce(e.output, s.output) end,
      fault = case when e.state in ('undoing', 'failed', 'undone') then coalesce(s.fault, e.fault) else s.fault end,
      stopped = case when e.state = 'suspended' then e.fault end
    from unnest(p_sagas, p_states, p_outputs, p_faults) as e (id, state, output, fault)
    where s.id = e.id and s.lease = p_token
    returning s.id
  )
  select array_agg(m.id) into ended from moved m;
  perform plimsoll.end_child_sagas(ended);
  return coalesce(ended, '{}');
end $$;
