create or replace function plimsoll.set_clock_offset(p_offset interval) returns void
  language plpgsql volatile set search_path = ''
  as $$
declare
  seconds numeric := extract(epoch from p_offset);
begin
  perform pg_catalog.pg_advisory_xact_lock('plimsoll.now()'::pg_catalog.regprocedure::pg_catalog.oid::bigint);
  execute pg_catalog.format(
    'create or replace function plimsoll.now() returns timestamptz language sql stable parallel safe as %L',
    case when seconds = 0 then ' select pg_catalog.statement_timestamp() '
      else pg_catalog.format(' select pg_catalog.statement_timestamp() operator(pg_catalog.+) pg_catalog.make_interval(secs => (%s)::double precision) ', seconds) end);
end $$;
comment on function plimsoll.set_clock_offset is 'Moves durable time, for tests: all sessions see it from their next statement on. Only the owner can.';
