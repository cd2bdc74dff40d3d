-- The queues of p_known, and all others that have tasks: waiting tasks are found by the index, the rest by a bounded look.
-- served: whether a worker takes tasks from it.
create or replace function plimsoll.list_queues(p_known text[], p_bound integer) returns table (queue text, served boolean)
  language sql stable security definer set search_path = ''
  as $$
  with recursive waiting as (
    (select t.queue from plimsoll.tasks t where t.lease is null order by t.queue limit 1)
    union all
    select (select t.queue from plimsoll.tasks t where t.lease is null and t.queue > w.queue order by t.queue limit 1) from waiting w where w.queue is not null
  ), stored as (
    select distinct q.queue from (
      select w.queue from waiting w
      union all select r.queue from (select t.queue from plimsoll.tasks t where t.lease is not null limit p_bound) r
      union all select l.queue from (select l.queue from plimsoll.task_later l limit p_bound) l
      union all select d.queue from (select d.queue from plimsoll.task_dead_letters d limit p_bound) d
    ) q where q.queue is not null and not (q.queue = any (p_known)) order by q.queue limit 1000
  )
  select q.queue, exists (select from plimsoll.task_workers w where w.expires_at > plimsoll.now() and (w.serves is null or q.queue = any (w.serves)))
  from (
    select k.queue, k.n from unnest(p_known) with ordinality as k (queue, n) union all select s.queue, null from stored s
  ) q order by q.n nulls last, q.queue $$;
grant execute on function plimsoll.list_queues to :"app";
