-- One statement does all that a worker does regularly. waiting: those of its queues with tasks to claim; next_due_ms: when the next later task is due.
create or replace function plimsoll.worker_heartbeat(
  p_token bigint, p_lease_ms integer, p_renew boolean, p_queues text[], p_rescues integer, p_batch integer, p_partition_bytes bigint,
  out alive boolean, out rescued integer, out promoted integer, out waiting text[], out next_due_ms bigint
)
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
begin
  if p_renew then
    update plimsoll.task_workers w set expires_at = plimsoll.now() + p_lease_ms * interval '1 millisecond', renewed_at = pg_catalog.clock_timestamp()
    where w.token = p_token;
    alive := found;
  else
    alive := exists (select from plimsoll.task_workers w where w.token = p_token);
  end if;
  rescued := plimsoll.rescue_tasks(p_rescues);
  promoted := plimsoll.promote_tasks(p_batch);
  perform plimsoll.rotate_tasks(p_partition_bytes, p_batch);
  waiting := array(
    select q.queue from unnest(p_queues) as q (queue)
    where exists (select from plimsoll.tasks t where t.queue = q.queue and t.lease is null));
  select l.due - plimsoll.now_ms() into next_due_ms from plimsoll.task_later l order by l.due limit 1;
end $$;
grant execute on function plimsoll.worker_heartbeat to :"app";
