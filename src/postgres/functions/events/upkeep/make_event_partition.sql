-- Makes the partition of a day of the log. Where events of that day lie in the rest already, or a lock is not to be had soon, there is none: the rest takes them.
create or replace function plimsoll.make_event_partition(p_day date) returns boolean
  language plpgsql volatile set search_path = '' set lock_timeout = '200ms'
  as $$
declare
  part text := 'events_' || pg_catalog.to_char(p_day, 'YYYYMMDD');
begin
  if pg_catalog.to_regclass('plimsoll.' || part) is not null then
    return false;
  end if;
  execute pg_catalog.format('create table plimsoll.%I (like plimsoll.events including defaults including constraints)', part);
  -- To attach a table locks the log for less than to create a partition of it does.
  execute pg_catalog.format('alter table plimsoll.events attach partition plimsoll.%I for values from (%L) to (%L)', part,
    p_day::timestamp at time zone 'UTC', (p_day + 1)::timestamp at time zone 'UTC');
  return true;
exception when lock_not_available or check_violation or duplicate_table then
  return false;
end $$;
