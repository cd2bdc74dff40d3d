-- Starts one task with a key or for a later time. Of two that start with one key at the same time the second waits for the first.
create or replace function plimsoll.start_task(
  p_id uuid, p_name text, p_queue text, p_fairness_key text, p_priority smallint, p_capped boolean, p_input text, p_context text,
  p_delay bigint, p_at bigint, p_key uuid, p_hash uuid, p_key_ttl bigint, out id uuid, out state text
)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  due bigint := greatest(now_ms, coalesce(p_at, now_ms + coalesce(p_delay, 0)));
  known record;
begin
  id := p_id;
  state := 'started';
  if p_key is not null then
    insert into plimsoll.task_keys as k (id, task, input_hash, expires)
    values (p_key, p_id, p_hash, due + p_key_ttl)
    on conflict on constraint task_keys_pkey do update
      set task = excluded.task, input_hash = excluded.input_hash, expires = excluded.expires
      where k.expires <= now_ms
    returning k.task into known;
    if not found then
      select k.task, k.input_hash into known from plimsoll.task_keys k where k.id = p_key;
      if not found then
        -- The task that had the key was done between the two statements, and its key is free again: the caller tries again.
        raise exception 'the key of a task was released meanwhile' using errcode = 'serialization_failure';
      end if;
      id := known.task;
      state := case when known.input_hash = p_hash then 'known' else 'mismatch' end;
      return;
    end if;
  end if;
  if due > now_ms then
    insert into plimsoll.task_later (id, due, name, queue, fairness_key, priority, born, attempt, rescues, capped, key, input, context)
    values (p_id, due, p_name, p_queue, p_fairness_key, p_priority, due, 0, 0, p_capped, p_key, p_input, p_context);
  else
    insert into plimsoll.tasks (partition, id, name, queue, fairness_key, rank, priority, born, capped, key, input, context)
    values ((select s.current from plimsoll.task_partitions s), p_id, p_name, p_queue, p_fairness_key, now_ms - p_priority * 60000, p_priority, now_ms, p_capped, p_key,
      p_input, p_context);
  end if;
end $$;
grant execute on function plimsoll.start_task to :"app";
