-- Requeues dead letters: one by its id, or all of a name up to a bound. One whose key was released takes it again; if another task has the key by now,
-- it stays a dead letter, because otherwise both would run.
create or replace function plimsoll.requeue_tasks(p_id uuid, p_name text, p_limit integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  requeued integer;
begin
  with chosen as (
    select x.id, x.key, x.key_hash, x.key_expires from plimsoll.task_dead_letters x
    where (p_id is null or x.id = p_id) and (p_name is null or x.name = p_name) order by x.died limit p_limit for update skip locked
  ), keyed as (
    insert into plimsoll.task_keys as k (id, task, input_hash, expires)
    -- The oldest dead letter of each key; in one order everywhere, so that two callers do not wait for each other in a circle.
    select distinct on (c.key) c.key, c.id, c.key_hash, c.key_expires from chosen c
    where c.key_hash is not null and (c.key_expires is null or c.key_expires > now_ms) order by c.key, c.id
    on conflict on constraint task_keys_pkey do update
      set task = excluded.task, input_hash = excluded.input_hash, expires = excluded.expires
      where k.expires <= now_ms
    returning k.task
  ), gone as (
    delete from plimsoll.task_dead_letters d using chosen c
    where d.id = c.id and (c.key_hash is null or c.key_expires <= now_ms or c.id in (select k.task from keyed k))
    returning d.*
  )
  insert into plimsoll.tasks (partition, id, name, queue, fairness_key, rank, priority, born, capped, key, input, context)
  select (select s.current from plimsoll.task_partitions s), g.id, g.name, g.queue, g.fairness_key, now_ms - g.priority * 60000, g.priority, now_ms, g.capped, g.key, g.input, g.context
  from gone g;
  get diagnostics requeued = row_count;
  return requeued;
end $$;
grant execute on function plimsoll.requeue_tasks to :"app";
