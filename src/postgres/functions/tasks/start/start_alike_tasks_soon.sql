-- Starts tasks that workers may see before they are flushed to the disk, so that they begin while the flush is under way. The caller then waits for
-- plimsoll.flush(): a crash between the two loses tasks whose start was never confirmed. What such a task commits is flushed after it, by the order of the log.
create or replace function plimsoll.start_alike_tasks_soon(
  p_name text, p_queue text, p_fairness_key text, p_priority smallint, p_capped boolean, p_context text, p_ids text, p_inputs text
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform pg_catalog.set_config('synchronous_commit', 'off', true);
  perform plimsoll.start_alike_tasks(p_name, p_queue, p_fairness_key, p_priority, p_capped, p_context, p_ids, p_inputs);
end $$;
grant execute on function plimsoll.start_alike_tasks_soon to :"app";
