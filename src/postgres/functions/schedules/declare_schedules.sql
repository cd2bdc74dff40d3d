-- Declares schedules. A schedule that is new, or has another rule from now on, has missed no occurrence before now.
create or replace function plimsoll.declare_schedules(p_names text[], p_rules text[], p_keep_ms bigint) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
begin
  insert into plimsoll.task_schedules as s (name, rule, last_occurrence, seen)
  -- In one order everywhere, so that two who declare the same ones do not wait for each other.
  select d.name, d.rule, now_ms, now_ms from unnest(p_names, p_rules) as d (name, rule) order by d.name
  on conflict (name) do update set
    rule = excluded.rule,
    last_occurrence = case when s.rule = excluded.rule then s.last_occurrence else greatest(s.last_occurrence, now_ms) end,
    seen = now_ms;
  delete from plimsoll.task_schedules s
  where s.name = any (array(
    select d.name from plimsoll.task_schedules d
    where d.seen < now_ms - p_keep_ms order by d.name for update skip locked));
end $$;
grant execute on function plimsoll.declare_schedules to :"app";
