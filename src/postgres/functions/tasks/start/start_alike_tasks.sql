-- Starts tasks that are alike but for their input. Texts of one line each, joined, cost less to write and to read than arrays of them.
create or replace function plimsoll.start_alike_tasks(
  p_name text, p_queue text, p_fairness_key text, p_priority smallint, p_capped boolean, p_context text, p_ids text, p_inputs text
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  partition smallint := (select s.current from plimsoll.task_partitions s);
begin
  insert into plimsoll.tasks (partition, id, name, queue, fairness_key, rank, priority, born, capped, input, context)
  select partition, t.id, p_name, p_queue, p_fairness_key, now_ms - p_priority * 60000, p_priority, now_ms, p_capped, t.input, p_context
  from unnest(pg_catalog.string_to_array(p_ids, ',')::uuid[], pg_catalog.string_to_array(p_inputs, E'\n')) as t (id, input);
end $$;
grant execute on function plimsoll.start_alike_tasks to :"app";
