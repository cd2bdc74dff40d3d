-- Pauses or resumes a queue. On a pause its workers are notified, so that they release the tasks that they have not begun.
create or replace function plimsoll.pause_tasks(p_queue text, p_paused boolean) returns void
  language sql volatile security definer set search_path = ''
  as $$
  insert into plimsoll.task_queues (queue, paused) values (p_queue, p_paused)
  on conflict (queue) do update set paused = excluded.paused;
  select pg_catalog.pg_notify('plimsoll_tasks', 'pause ' || p_queue) where p_paused $$;
grant execute on function plimsoll.pause_tasks to :"app";
