-- As start_alike_tasks_soon, for one task. The workers of its queue are notified by the same commit.
create or replace function plimsoll.start_task_soon(
  p_id uuid, p_name text, p_queue text, p_fairness_key text, p_priority smallint, p_capped boolean, p_input text, p_context text
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  -- What a notification may carry, with every character escaped.
  is_small boolean := octet_length(p_name) + octet_length(p_fairness_key) + octet_length(p_input) + coalesce(octet_length(p_context), 0) <= 3500;
  worker_token bigint;
  worker_channel text;
  written record;
begin
  perform pg_catalog.set_config('synchronous_commit', 'off', true);
  if is_small and not p_capped and not exists (select from plimsoll.task_queues q where q.queue = p_queue and q.paused) then
    -- Locked until the commit, as by a claim: a worker that rescues the tasks of this one sees this task too.
    select w.token, w.channel into worker_token, worker_channel from plimsoll.task_workers w
    where p_queue = any (w.queues) and (w.names is null or p_name = any (w.names)) and w.expires_at > plimsoll.now() + interval '2 seconds'
    order by pg_catalog.random() limit 1 for key share skip locked;
    if found and pg_catalog.pg_try_advisory_xact_lock_shared(pg_catalog.hashtextextended(worker_channel, 0)) then
      -- The worker's session, which would hold this lock, is gone.
      worker_token := null;
    end if;
  end if;
  insert into plimsoll.tasks as t (partition, id, name, queue, fairness_key, rank, priority, born, lease, attempt, capped, input, context)
  values ((select s.current from plimsoll.task_partitions s), p_id, p_name, p_queue, p_fairness_key, now_ms - p_priority * 60000, p_priority, now_ms, worker_token,
    case when worker_token is null then 0 else 1 end, p_capped, p_input, p_context)
  returning t.partition, t.ctid, t.rank into written;
  if worker_token is null then
    perform pg_catalog.pg_notify('plimsoll_tasks', p_queue);
  else
    perform pg_catalog.pg_notify(worker_channel, pg_catalog.json_build_object('token', worker_token::text, 'queue', p_queue, 'partition', written.partition,
      'place', written.ctid::text, 'id', p_id, 'name', p_name, 'fairness_key', p_fairness_key, 'rank', written.rank, 'input', p_input, 'context', p_context)::text);
  end if;
end $$;
grant execute on function plimsoll.start_task_soon to :"app";
