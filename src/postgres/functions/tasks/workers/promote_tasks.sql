-- Moves what has become due to where it can be claimed.
create or replace function plimsoll.promote_tasks(p_limit integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  promoted integer;
begin
  with due as (
    delete from plimsoll.task_later l
    where l.id = any (array(
      select d.id from plimsoll.task_later d where d.due <= plimsoll.now_ms() order by d.due limit p_limit for update skip locked))
    returning l.*
  )
  insert into plimsoll.tasks (partition, id, name, queue, fairness_key, rank, priority, born, attempt, rescues, capped, key, input, context)
  select (select s.current from plimsoll.task_partitions s), d.id, d.name, d.queue, d.fairness_key, d.due - d.priority * 60000, d.priority, d.born, d.attempt, d.rescues, d.capped, d.key,
    d.input, d.context
  from due d;
  get diagnostics promoted = row_count;
  return promoted;
end $$;
