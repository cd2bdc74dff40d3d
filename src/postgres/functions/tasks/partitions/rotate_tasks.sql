-- Empties partitions that are no longer filled, and goes on to the next one once the current one is large. If none is free, waiting tasks of the oldest
-- are moved to the current one, a bounded number at a time.
create or replace function plimsoll.rotate_tasks(p_bytes bigint, p_batch integer) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  held record;
  other smallint;
  free smallint;
  filled smallint[] := '{}';
  emptied smallint;
  is_full boolean;
begin
  select s.current, s.empty_after into held from plimsoll.task_partitions s;
  is_full := pg_catalog.pg_relation_size(('plimsoll.tasks_' || held.current)::pg_catalog.regclass) >= p_bytes;
  for step in 1..3 loop
    other := (held.current + step) % 4;
    if pg_catalog.pg_relation_size(('plimsoll.tasks_' || other)::pg_catalog.regclass) > 0 then
      filled := filled || other;
    else
      free := coalesce(free, other);
    end if;
  end loop;
  if not is_full and filled = '{}' then
    return false;
  end if;
  -- One worker does it at a time.
  perform from plimsoll.task_partitions s where s.current = held.current for update skip locked;
  if not found then
    return false;
  end if;
  if is_full and free is null then
    other := filled[1];
    update plimsoll.tasks t set partition = held.current
    where t.partition = other and t.ctid = any (array(
      select m.ctid from plimsoll.tasks m where m.partition = other and m.lease is null order by m.queue, m.fairness_key, m.rank limit p_batch for update skip locked));
  end if;
  if held.empty_after <= plimsoll.now() then
    -- By itself: within coalesce it would not be called where a partition is free already.
    emptied := plimsoll.empty_partitions(filled);
    free := coalesce(free, emptied);
  end if;
  if not is_full or free is null then
    return false;
  end if;
  update plimsoll.task_partitions set current = free;
  return true;
end $$;
