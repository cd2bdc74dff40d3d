-- Takes the occurrences after p_from up to p_to for the caller's transaction, which inserts their tasks. state: fired: the caller has them; busy: another
-- process is taking them; early: they are not due yet; moved: another process has taken them; otherwise paused, changed or unknown.
create or replace function plimsoll.fire_schedule(
  p_name text, p_rule text, p_from bigint, p_to bigint, out state text, out last_occurrence bigint, out now_ms bigint
)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  known record;
begin
  now_ms := plimsoll.now_ms();
  -- No process waits: the one that holds the row is about to commit, or about to be cut off.
  select s.rule, s.last_occurrence, s.paused into known from plimsoll.task_schedules s where s.name = p_name for update skip locked;
  if not found then
    state := case when exists (select from plimsoll.task_schedules s where s.name = p_name) then 'busy' else 'unknown' end;
    return;
  end if;
  last_occurrence := known.last_occurrence;
  state := case
    when known.rule <> p_rule then 'changed'
    when known.paused then 'paused'
    when known.last_occurrence <> p_from then 'moved'
    when p_to > now_ms then 'early'
    else 'fired' end;
  if state = 'fired' then
    update plimsoll.task_schedules s set last_occurrence = p_to, seen = fire_schedule.now_ms where s.name = p_name;
    last_occurrence := p_to;
  end if;
end $$;
grant execute on function plimsoll.fire_schedule to :"app";
