-- Deletes, a bounded batch at a time, keys that have expired and what is kept of completed tasks for too long. Returns how many of the kind of which
-- there were most: a full batch says that there are more.
create or replace function plimsoll.expire_tasks(p_batch integer, p_done_ms bigint, p_dead_letter_ms bigint) returns integer
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
declare
  n integer;
  total integer := 0;
begin
  delete from plimsoll.task_keys k where k.id = any (array(
    select e.id from plimsoll.task_keys e where e.expires <= plimsoll.now_ms() order by e.expires limit p_batch for update skip locked));
  get diagnostics n = row_count;
  total := n;
  delete from plimsoll.task_done d where d.ctid = any (array(
    select e.ctid from plimsoll.task_done e where e.done <= plimsoll.now_ms() - p_done_ms order by e.done limit p_batch for update skip locked));
  get diagnostics n = row_count;
  total := greatest(total, n);
  delete from plimsoll.task_dead_letters d where d.id = any (array(
    select e.id from plimsoll.task_dead_letters e where e.died <= plimsoll.now_ms() - p_dead_letter_ms order by e.died limit p_batch for update skip locked));
  get diagnostics n = row_count;
  return greatest(total, n);
end $$;
grant execute on function plimsoll.expire_tasks to :"app";
