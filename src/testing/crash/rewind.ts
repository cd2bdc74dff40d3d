/**
 * Makes, in the database of which the runs get copies, a copy of all its rows, and a function that puts them back: to create a new database for
 * each run costs three checkpoints, this a few milliseconds. Where the schema is not what it was, the function says no.
 */
export const saveRows = `
do $save$
declare
  each record;
  nth integer := 0;
  steps text := '';
begin
  create schema plimsoll_crash;
  for each in
    select c.oid::regclass as name,
      (select string_agg(format('%I', a.attname), ', ' order by a.attnum) from pg_attribute a
       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'plimsoll_crash') and n.nspname not like 'pg\\_%'
    order by c.oid
  loop
    nth := nth + 1;
    execute format('create table plimsoll_crash.t%s as select %s from %s', nth, each.columns, each.name);
    steps := steps || format('delete from %1$s; insert into %1$s (%2$s) overriding system value select %2$s from plimsoll_crash.t%3$s; ',
      each.name, each.columns, nth);
  end loop;
  for each in select s.schemaname, s.sequencename, s.last_value, s.start_value from pg_sequences s loop
    steps := steps || format('perform setval(%L, %s, %L); ', format('%I.%I', each.schemaname, each.sequencename),
      coalesce(each.last_value, each.start_value), each.last_value is not null);
  end loop;
  create view plimsoll_crash.shape as
    select count(*) || ' ' || sum(hashtext(c.oid::text || c.relname || c.relnatts)) as shape
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname not in ('pg_catalog', 'information_schema', 'plimsoll_crash', 'pg_toast') and n.nspname not like 'pg\\_temp%';
  execute format('create function plimsoll_crash.rewind() returns boolean language plpgsql as %L', format($f$
    begin
      if (select s.shape from plimsoll_crash.shape s) is distinct from %L then return false; end if;
      set local session_replication_role = replica;
      set local synchronous_commit = off;
      %s
      perform plimsoll.set_clock_offset('0 s');
      return true;
    end $f$, (select s.shape from plimsoll_crash.shape s), steps));
end $save$`;

/** Ends every other session of this database, and waits until the last is gone. */
export const endOthers = `
do $end$
begin
  loop
    perform pg_terminate_backend(a.pid) from pg_stat_activity a where a.datname = current_database() and a.pid <> pg_backend_pid();
    exit when not found;
    perform pg_stat_clear_snapshot(), pg_sleep(0.001);
  end loop;
end $end$`;
