-- Puts tasks back: at once, or after a delay. p_spent: whether the attempt counts.
create or replace function plimsoll.retry_leased_tasks(
  p_token bigint, p_partitions smallint[], p_places tid[], p_ids uuid[], p_delays bigint[], p_spent boolean[], p_contexts text[]
) returns integer
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  moved integer;
begin
  with gone as (
    delete from plimsoll.tasks t using unnest(p_partitions, p_places, p_ids, p_delays, p_spent, p_contexts) as r (partition, place, id, delay, spent, context)
    where t.partition = r.partition and t.ctid = r.place and t.id = r.id and t.lease = p_token
    returning t.*, r.delay, r.spent, r.context as new_context
  ), later as (
    insert into plimsoll.task_later (id, due, name, queue, fairness_key, priority, born, attempt, rescues, capped, key, input, context)
    select g.id, now_ms + g.delay, g.name, g.queue, g.fairness_key, g.priority, g.born, g.attempt - case when g.spent then 0 else 1 end, 0, g.capped, g.key, g.input, g.new_context
    from gone g where g.delay > 0
  ), again as (
    insert into plimsoll.tasks (partition, id, name, queue, fairness_key, rank, priority, born, attempt, capped, key, input, context)
    select (select s.current from plimsoll.task_partitions s), g.id, g.name, g.queue, g.fairness_key, g.rank, g.priority, g.born, g.attempt - case when g.spent then 0 else 1 end,
      g.capped, g.key, g.input, g.new_context
    from gone g where g.delay <= 0
  )
  select count(*) into moved from gone;
  return moved;
end $$;
grant execute on function plimsoll.retry_leased_tasks to :"app";
