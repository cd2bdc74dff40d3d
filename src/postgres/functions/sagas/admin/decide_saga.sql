-- A person decides about a saga that is suspended. The step that it stopped at is retried, or counts as done with an output, or as undone; or the whole is undone,
-- or ended without undoing anything.
create or replace function plimsoll.decide_saga(p_id uuid, p_decision text, p_output text, p_reason text) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  stopped record;
  step text;
begin
  select s.undoing, s.stopped into stopped from plimsoll.sagas s where s.id = p_id and s.state = 'suspended' for update;
  if not found then
    return false;
  end if;
  step := stopped.stopped::json ->> 'step';
  if p_decision = 'retry' then
    update plimsoll.saga_steps j set state = case when stopped.undoing then 'undo_retryable' else 'retryable' end, attempt = 0, due = plimsoll.now_ms()
    where j.saga = p_id and j.name = step and j.state in ('failed', 'retryable', 'undo_retryable');
  elsif p_decision = 'skip' then
    update plimsoll.saga_steps j set state = case when stopped.undoing then 'undone' else 'done' end, due = null,
      output = case when stopped.undoing then j.output else p_output end, fault = null, at = plimsoll.now_ms()
    where j.saga = p_id and j.name = step;
    if not found then
      return false;
    end if;
  end if;
  update plimsoll.sagas s set
    state = case when p_decision = 'fail' then 'failed' else 'ready' end,
    undoing = s.undoing or p_decision = 'undo',
    fault = case when p_decision = 'undo' and not s.undoing or p_decision = 'fail' and s.fault is null then coalesce(s.stopped, s.fault) else s.fault end,
    stopped = null,
    rescues = 0,
    ended = case when p_decision = 'fail' then plimsoll.now_ms() end,
    due = case when p_decision <> 'fail' then plimsoll.now_ms() end
  where s.id = p_id;
  insert into plimsoll.saga_decisions (saga, decision, step, reason, at) values (p_id, p_decision, step, p_reason, plimsoll.now_ms());
  return true;
end $$;
grant execute on function plimsoll.decide_saga to :"app";
