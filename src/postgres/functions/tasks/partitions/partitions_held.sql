-- For how long sessions have kept partitions from being emptied, and which sessions they may be; no row if none does.
create or replace function plimsoll.partitions_held(out held_ms bigint, out sessions integer[])
  language sql stable security definer set search_path = ''
  as $$
  select (extract(epoch from plimsoll.now() - s.held_since) * 1000)::bigint, array(
    select distinct l.pid from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'relation' and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
      and l.relation in (
        'plimsoll.tasks_0'::pg_catalog.regclass, 'plimsoll.tasks_1'::pg_catalog.regclass, 'plimsoll.tasks_2'::pg_catalog.regclass,
        'plimsoll.tasks_3'::pg_catalog.regclass)
      and l.granted and l.pid <> pg_catalog.pg_backend_pid() and (a.xact_start is null or a.xact_start < pg_catalog.clock_timestamp() - interval '2 seconds')
    order by l.pid limit 20)
  from plimsoll.task_partitions s where s.held_since is not null $$;
grant execute on function plimsoll.partitions_held to :"app";
