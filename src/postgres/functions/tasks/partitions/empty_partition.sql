-- Truncates a partition in which nothing is left. Returns null if it does not get the lock soon.
--
-- It waits for the lock as long as a claim may hold it, and no longer, because every statement that comes after waits behind it. It cannot do without
-- waiting: under load some session nearly always holds the lock. A transaction that writes tasks holds a lock that excludes this one until it ends, so
-- the look under the lock sees all tasks.
create or replace function plimsoll.empty_partition(p_partition smallint) returns boolean
  language plpgsql volatile security definer set search_path = '' set lock_timeout = '50ms'
  as $$
declare
  part text := 'plimsoll.tasks_' || p_partition;
  left_over boolean;
begin
  -- With one snapshot for both looks, tasks that were committed between them would be truncated unseen.
  if pg_catalog.current_setting('transaction_isolation') <> 'read committed' then
    return false;
  end if;
  -- Most often one look is enough to see that it must wait.
  execute pg_catalog.format('select exists (select from %s)', part) into left_over;
  if left_over then
    return false;
  end if;
  execute pg_catalog.format('lock table %s in access exclusive mode', part);
  execute pg_catalog.format('select exists (select from %s)', part) into left_over;
  if left_over then
    return false;
  end if;
  execute pg_catalog.format('truncate %s', part);
  return true;
exception when lock_not_available then
  return null;
end $$;
