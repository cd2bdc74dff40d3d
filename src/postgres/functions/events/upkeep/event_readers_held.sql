-- The transaction that keeps readers of the log back: the oldest with an id, of any database of the cluster; no row where none is under way. age_ms is null, and the
-- statement hidden, where its role is another and the owner of this function may not see it.
create or replace function plimsoll.event_readers_held()
  returns table (xid text, pid integer, application text, age_ms bigint, statement text)
  language sql volatile security definer set search_path = ''
  as $$
  select o.xid::text, o.pid, o.application, (extract(epoch from pg_catalog.clock_timestamp() - o.since) * 1000)::bigint, pg_catalog.left(o.statement, 100)
  from (
    select a.backend_xid as xid, a.pid, a.application_name as application, a.xact_start as since, a.query as statement
    from pg_catalog.pg_stat_activity a where a.backend_xid is not null and a.pid <> pg_catalog.pg_backend_pid()
    union all
    select p.transaction, null, 'prepared transaction ' || p.gid, p.prepared, 'prepare transaction' from pg_catalog.pg_prepared_xacts p
  ) o order by pg_catalog.age(o.xid) desc limit 1 $$;
grant execute on function plimsoll.event_readers_held to :"app";
