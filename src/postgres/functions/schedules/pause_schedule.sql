-- Occurrences during a pause do not count as missed. Returns false for a schedule that was never declared.
create or replace function plimsoll.pause_schedule(p_name text, p_paused boolean) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  update plimsoll.task_schedules s set
    paused = p_paused,
    last_occurrence = case when s.paused and not p_paused then greatest(s.last_occurrence, plimsoll.now_ms()) else s.last_occurrence end
  where s.name = p_name;
  return found;
end $$;
grant execute on function plimsoll.pause_schedule to :"app";
