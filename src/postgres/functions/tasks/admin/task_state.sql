create or replace function plimsoll.task_state(p_id uuid) returns text
  language sql stable security definer set search_path = ''
  as $$
  select coalesce(
    (select case when t.lease is null then 'available' else 'running' end from plimsoll.tasks t where t.id = p_id),
    (select case when l.attempt > 0 then 'retryable' else 'scheduled' end from plimsoll.task_later l where l.id = p_id),
    (select 'dead_lettered' from plimsoll.task_dead_letters d where d.id = p_id),
    (select 'completed' from plimsoll.task_done d where d.id = p_id),
    'unknown') $$;
grant execute on function plimsoll.task_state to :"app";
