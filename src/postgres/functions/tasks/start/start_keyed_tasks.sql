-- Starts tasks with keys that are due now, in the order of the keys, so that two callers that start the same ones do not wait for each other in a circle.
create or replace function plimsoll.start_keyed_tasks(
  p_ids uuid[], p_names text[], p_queues text[], p_fairness_keys text[], p_priorities smallint[], p_capped boolean[], p_inputs text[], p_contexts text[],
  p_keys uuid[], p_hashes uuid[], p_key_ttl bigint
) returns table (id uuid, state text)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  partition smallint := (select s.current from plimsoll.task_partitions s);
  taken uuid[];
begin
  with first as (
    select distinct on (a.key) a.key, a.id, a.hash from unnest(p_ids, p_keys, p_hashes) with ordinality as a (id, key, hash, n) order by a.key, a.n
  ), given as (
    insert into plimsoll.task_keys as k (id, task, input_hash, expires)
    select f.key, f.id, f.hash, now_ms + p_key_ttl from first f order by f.key
    on conflict on constraint task_keys_pkey do update
      set task = excluded.task, input_hash = excluded.input_hash, expires = excluded.expires
      where k.expires <= now_ms
    returning k.task
  )
  select pg_catalog.array_agg(g.task) into taken from given g;
  insert into plimsoll.tasks (partition, id, name, queue, fairness_key, rank, priority, born, capped, key, input, context)
  select partition, t.id, t.name, t.queue, t.fairness_key, now_ms - t.priority * 60000, t.priority, now_ms, t.capped, t.key, t.input, t.context
  from unnest(p_ids, p_names, p_queues, p_fairness_keys, p_priorities, p_capped, p_inputs, p_contexts, p_keys)
    as t (id, name, queue, fairness_key, priority, capped, input, context, key)
  where t.id = any (taken);
  if exists (select from unnest(p_keys) as a (key) where not exists (select from plimsoll.task_keys k where k.id = a.key)) then
    -- The task that had the key was done between the two statements, and its key is free again: the caller tries again.
    raise exception 'the key of a task was released meanwhile' using errcode = 'serialization_failure';
  end if;
  return query
    select k.task, case when k.task = a.id then 'started' when k.input_hash = a.hash then 'known' else 'mismatch' end
    from unnest(p_ids, p_keys, p_hashes) with ordinality as a (id, key, hash, n) join plimsoll.task_keys k on k.id = a.key order by a.n;
end $$;
grant execute on function plimsoll.start_keyed_tasks to :"app";
