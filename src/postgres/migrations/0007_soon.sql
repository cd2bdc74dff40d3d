-- Tasks that workers may see before they are flushed to the disk, so that they begin while the flush is under way. Whoever starts them waits for
-- plimsoll.flush(): a crash between the two forgets tasks that nobody was told of. What such a task commits is flushed after it, by the order of the log.
create function plimsoll.start_alike_tasks_soon(
  p_name text, p_queue text, p_lane text, p_priority smallint, p_capped boolean, p_context text, p_ids text, p_inputs text
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform pg_catalog.set_config('synchronous_commit', 'off', true);
  perform plimsoll.start_alike_tasks(p_name, p_queue, p_lane, p_priority, p_capped, p_context, p_ids, p_inputs);
end $$;

-- Returns, with its commit, when everything that was committed before is on the disk: it writes a record of its own, and waits for that.
create function plimsoll.flush() returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform pg_catalog.pg_logical_emit_message(true, 'plimsoll', '');
end $$;
