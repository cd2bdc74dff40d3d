-- What waits and no worker takes, because none serves its queue or none knows its name. Looks at the first p_bound of each queue.
create or replace function plimsoll.unserved_tasks(p_bound integer) returns table (queue text, task text, waiting bigint, served boolean)
  language sql stable security definer set search_path = '' set enable_seqscan = off set jit = off
  as $$
  with recursive queues as (
    (select t.queue from plimsoll.tasks t where t.lease is null order by t.queue limit 1)
    union all
    select (select t.queue from plimsoll.tasks t where t.lease is null and t.queue > q.queue order by t.queue limit 1) from queues q where q.queue is not null
  ), found as (
    select q.queue, t.name, count(*) as waiting
    from queues q cross join lateral (select x.name from plimsoll.tasks x where x.queue = q.queue and x.lease is null limit p_bound) t
    group by 1, 2
  ), workers as (
    select w.names, w.serves from plimsoll.task_workers w where w.expires_at > plimsoll.now()
  )
  select f.queue, f.name, f.waiting, exists (select from workers w where w.serves is null or f.queue = any (w.serves))
  from found f
  where not exists (
    select from workers w where (w.serves is null or f.queue = any (w.serves)) and (w.names is null or f.name = any (w.names)))
  order by f.queue, f.name limit 100 $$;
grant execute on function plimsoll.unserved_tasks to :"app";
