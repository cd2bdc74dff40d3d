-- What waits in each queue, counted up to a bound.
create or replace function plimsoll.task_stats(p_queues text[], p_bound integer)
  returns table (queue text, waiting bigint, running bigint, later bigint, dead_letters bigint, lag_ms bigint, paused boolean)
  language sql volatile security definer set search_path = ''
  as $$
  select q.queue,
    (select count(*) from (select from plimsoll.tasks t where t.queue = q.queue and t.lease is null limit p_bound) w),
    (select count(*) from (select from plimsoll.tasks t where t.queue = q.queue and t.lease is not null limit p_bound) r),
    (select count(*) from (select from plimsoll.task_later l where l.queue = q.queue limit p_bound) l),
    (select count(*) from (select from plimsoll.task_dead_letters d where d.queue = q.queue limit p_bound) d),
    coalesce((select plimsoll.now_ms() - min(t.rank) from (
      select x.rank from plimsoll.tasks x where x.queue = q.queue and x.lease is null limit p_bound) t), 0),
    coalesce((select s.paused from plimsoll.task_queues s where s.queue = q.queue), false)
  from unnest(p_queues) as q (queue) $$;
grant execute on function plimsoll.task_stats to :"app";
