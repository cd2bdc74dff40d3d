create or replace function plimsoll.start_tasks(
  p_ids uuid[], p_names text[], p_queues text[], p_fairness_keys text[], p_priorities smallint[], p_capped boolean[], p_inputs text[], p_contexts text[]
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  partition smallint := (select s.current from plimsoll.task_partitions s);
begin
  insert into plimsoll.tasks (partition, id, name, queue, fairness_key, rank, priority, born, capped, input, context)
  select partition, t.id, t.name, t.queue, t.fairness_key, now_ms - t.priority * 60000, t.priority, now_ms, t.capped, t.input, t.context
  from unnest(p_ids, p_names, p_queues, p_fairness_keys, p_priorities, p_capped, p_inputs, p_contexts)
    as t (id, name, queue, fairness_key, priority, capped, input, context);
end $$;
grant execute on function plimsoll.start_tasks to :"app";
