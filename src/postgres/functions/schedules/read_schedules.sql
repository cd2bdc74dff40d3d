-- One row for each name, null where there is none, and durable time with each.
create or replace function plimsoll.read_schedules(p_names text[])
  returns table (name text, rule text, last_occurrence bigint, paused boolean, now_ms bigint)
  language sql stable security definer set search_path = ''
  as $$
  select d.name, s.rule, s.last_occurrence, s.paused, plimsoll.now_ms()
  from unnest(p_names) as d (name) left join plimsoll.task_schedules s on s.name = d.name $$;
grant execute on function plimsoll.read_schedules to :"app";
