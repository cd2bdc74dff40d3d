-- Truncates those of these partitions in which nothing is left, and stops at one whose lock it does not get; no partition is tried again for a while then.
-- Returns the first one that is empty now. Called by rotate_tasks.
create or replace function plimsoll.empty_partitions(p_partitions smallint[]) returns smallint
  language plpgsql volatile set search_path = ''
  as $$
declare
  free smallint;
  other smallint;
  emptied boolean;
begin
  foreach other in array p_partitions loop
    emptied := plimsoll.empty_partition(other);
    if emptied is null then
      update plimsoll.task_partitions set empty_after = plimsoll.now() + interval '4 seconds', held_since = coalesce(held_since, plimsoll.now());
      exit;
    end if;
    free := case when emptied then coalesce(free, other) else free end;
  end loop;
  if emptied is not null then
    update plimsoll.task_partitions set held_since = null where held_since is not null;
  end if;
  return free;
end $$;
