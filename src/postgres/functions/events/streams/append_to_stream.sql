-- As record_events, of one event of a stream, in the way of record_event. The version before it must be there and be of an earlier transaction than this one by its id;
-- where it is not, or another transaction has appended the same version, nothing is written here and record_events refuses it.
create or replace function plimsoll.append_to_stream(
  p_id uuid, p_name text, p_version integer, p_key text, p_data text, p_stream text, p_stream_id text, p_stream_version integer,
  p_tenant text, p_actor text, p_trace text, p_causation text, p_correlation text
) returns text
  language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan
  as $$
declare
  me xid8 := pg_catalog.pg_current_xact_id();
  here text := pg_catalog.current_setting('plimsoll.event_cluster', true)
    || '/' || pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8);
  known text := pg_catalog.current_setting('plimsoll.inline_known', true);
  recorded text := pg_catalog.current_setting('plimsoll.recorded_at', true);
  place bigint;
  appended_to integer;
  is_unknown boolean;
  held text;
  wrote text;
begin
  if here = pg_catalog.current_setting('plimsoll.event_joined', true) and pg_catalog.current_setting('transaction_isolation') = 'read committed' then
    held := pg_catalog.pg_advisory_xact_lock_shared(('plimsoll.events'::pg_catalog.regclass::pg_catalog.oid::bigint % 2147483647)::integer, 9)::text;
    place := pg_catalog.nextval('plimsoll.event_seq');
    insert into plimsoll.stream_events as s (
      epoch, xid, seq, stream, stream_id, stream_version, tenant, id, name, version, key, actor, trace, causation, correlation, recorded_at, data
    )
    select e.epoch, me, place, p_stream, p_stream_id, p_stream_version, coalesce(plimsoll.tenant(), ''), p_id, p_name, p_version, p_key,
      p_actor, p_trace, p_causation, p_correlation, case when recorded <> '' then recorded::timestamptz else plimsoll.now() end, p_data
    from plimsoll.event_epoch e where e.cluster = here and e.floor <= me and (p_stream_version = 1 or exists (
      select from plimsoll.stream_events b
      where b.stream = p_stream and b.stream_id = p_stream_id and b.tenant = coalesce(plimsoll.tenant(), '') and b.stream_version = p_stream_version - 1
        and (b.epoch, b.xid) <= (e.epoch, me)))
    on conflict (stream, stream_id, tenant, stream_version) do nothing
    returning s.epoch, exists (
      select from plimsoll.inline_projections i
      where p_name = any (i.events) and (known is null or not i.name = any (pg_catalog.string_to_array(known, ' '))))
    into appended_to, is_unknown;
    if is_unknown then
      perform plimsoll.note_unknown(array[p_name], coalesce(pg_catalog.string_to_array(known, ' '), '{}'));
    end if;
    if appended_to is not null then
      return appended_to::text || '/' || me::text || '/' || place::text;
    end if;
  end if;
  wrote := plimsoll.record_events(array[p_id], array[p_name], array[p_version], array[p_key], array[p_data], array[p_stream], array[p_stream_id],
    array[p_stream_version], p_tenant, p_actor, p_trace, p_causation, p_correlation);
  perform pg_catalog.set_config('plimsoll.event_joined', plimsoll.event_cluster(), false);
  return wrote;
end $$;
grant execute on function plimsoll.append_to_stream to :"app";
