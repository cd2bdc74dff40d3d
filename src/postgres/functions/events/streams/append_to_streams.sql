-- Of record_events, where some are of streams.
-- The version before the first one that is appended must be there and be of an earlier transaction than this one by its id, so that the order of all events is that
-- of each stream, too. A transaction that has an id since before another one appended is undone, and runs again with a later id.
create or replace function plimsoll.append_to_streams(
  p_ids uuid[], p_names text[], p_versions integer[], p_keys text[], p_data text[], p_streams text[], p_stream_ids text[], p_stream_versions integer[],
  p_tenant text, p_actor text, p_trace text, p_causation text, p_correlation text, p_epoch integer, p_recorded_at timestamptz
) returns void
  language plpgsql volatile set search_path = ''
  as $$
declare
  me xid8 := pg_catalog.pg_current_xact_id();
  here text := coalesce(plimsoll.tenant(), '');
  written integer;
begin
  perform plimsoll.refuse_stream_gaps(p_streams, p_stream_ids, p_stream_versions, p_epoch);
  with o as materialized (
    select pg_catalog.nextval('plimsoll.event_seq') as seq, s.* from (
      select u.* from unnest(p_ids, p_names, p_versions, p_keys, p_data, p_streams, p_stream_ids, p_stream_versions) with ordinality
        as u (id, name, version, key, data, stream, stream_id, stream_version, n) order by u.n
    ) s
  ), logged as (
    insert into plimsoll.events (epoch, xid, seq, id, name, version, key, tenant, actor, trace, causation, correlation, recorded_at, data)
    select p_epoch, me, o.seq, o.id, o.name, o.version, o.key, p_tenant, p_actor, p_trace, p_causation, p_correlation, p_recorded_at, o.data
    from o where o.stream is null returning 1
  ), appended as (
    insert into plimsoll.stream_events (
      epoch, xid, seq, stream, stream_id, stream_version, tenant, id, name, version, key, actor, trace, causation, correlation, recorded_at, data
    )
    select p_epoch, me, o.seq, o.stream, o.stream_id, o.stream_version, here, o.id, o.name, o.version, o.key, p_actor, p_trace, p_causation, p_correlation,
      p_recorded_at, o.data
    from o where o.stream is not null
    -- It waits for a transaction that appends the same version. What was not written is refused below.
    on conflict (stream, stream_id, tenant, stream_version) do nothing returning 1
  )
  select (select pg_catalog.count(*) from logged) + (select pg_catalog.count(*) from appended) into written;
  if written < pg_catalog.cardinality(p_ids) then
    raise exception 'the stream is at another version' using errcode = 'PL003';
  end if;
end $$;
