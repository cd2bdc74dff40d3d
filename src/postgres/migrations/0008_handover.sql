-- A task that is started alone while a worker has nothing to do is leased to that worker as it is written, and handed over with the notification: the
-- worker need not come and claim it.
--
-- queues: those of which it takes tasks that are handed over. channel: where its session hears of them; while that session lives it holds an advisory
-- lock of the channel's name, so that nothing is handed to a process that has just died.
alter table plimsoll.task_workers add column queues text[] not null default '{}', add column channel text not null default '';

create function plimsoll.announce_worker(p_token bigint, p_channel text, p_queues text[]) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  -- A crash of the server may forget it: whoever is handed too much gives it back.
  perform pg_catalog.set_config('synchronous_commit', 'off', true);
  update plimsoll.task_workers w set channel = p_channel, queues = p_queues where w.token = p_token;
end $$;

-- As start_alike_tasks_soon, for one task, and whoever serves its queue is told with the same commit.
create function plimsoll.start_task_soon(
  p_id uuid, p_name text, p_queue text, p_lane text, p_priority smallint, p_capped boolean, p_input text, p_context text
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  -- What a notification may carry, with every character escaped.
  is_small boolean := octet_length(p_name) + octet_length(p_lane) + octet_length(p_input) + coalesce(octet_length(p_context), 0) <= 3500;
  worker_token bigint;
  worker_channel text;
  written record;
begin
  perform pg_catalog.set_config('synchronous_commit', 'off', true);
  if is_small and not p_capped and not exists (select from plimsoll.task_queues q where q.queue = p_queue and q.paused) then
    -- Locked until the commit, as by a claim: whoever rescues the worker's tasks sees this one too.
    select w.token, w.channel into worker_token, worker_channel from plimsoll.task_workers w
    where p_queue = any (w.queues) and w.expires_at > plimsoll.now() + interval '2 seconds'
    order by pg_catalog.random() limit 1 for key share skip locked;
    if found and pg_catalog.pg_try_advisory_xact_lock_shared(pg_catalog.hashtextextended(worker_channel, 0)) then
      -- Nobody holds it any more: its session is gone.
      worker_token := null;
    end if;
  end if;
  insert into plimsoll.tasks as t (slot, id, name, queue, lane, rank, priority, born, lease, attempt, capped, input, context)
  values ((select s.current from plimsoll.task_slots s), p_id, p_name, p_queue, p_lane, now_ms - p_priority * 60000, p_priority, now_ms, worker_token,
    case when worker_token is null then 0 else 1 end, p_capped, p_input, p_context)
  returning t.slot, t.ctid, t.rank into written;
  if worker_token is null then
    perform pg_catalog.pg_notify('plimsoll_tasks', p_queue);
  else
    perform pg_catalog.pg_notify(worker_channel, pg_catalog.json_build_object('token', worker_token::text, 'queue', p_queue, 'slot', written.slot,
      'place', written.ctid::text, 'id', p_id, 'name', p_name, 'lane', p_lane, 'rank', written.rank, 'input', p_input, 'context', p_context)::text);
  end if;
end $$;
