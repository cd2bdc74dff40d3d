-- As record_events, of one event of the log, which is what a command emits most often: one statement and nothing that it calls. Where that writes nothing, because the
-- epoch is another, and in a session that has appended nothing yet, record_events does it.
create or replace function plimsoll.record_event(
  p_id uuid, p_name text, p_version integer, p_key text, p_data text, p_tenant text, p_actor text, p_trace text, p_causation text, p_correlation text
) returns text
  language plpgsql volatile security definer set search_path = ''
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
    -- It was joined in this session, so the exclusive lock, which those who hold this one would have to wait for, is not needed below but where a dump came in since.
    held := pg_catalog.pg_advisory_xact_lock_shared(('plimsoll.events'::pg_catalog.regclass::pg_catalog.oid::bigint % 2147483647)::integer, 9)::text;
    place := pg_catalog.nextval('plimsoll.event_seq');
    insert into plimsoll.events (epoch, xid, seq, id, name, version, key, tenant, actor, trace, causation, correlation, recorded_at, data)
    select e.epoch, me, place, p_id, p_name, p_version, p_key, p_tenant, p_actor, p_trace, p_causation, p_correlation,
      case when recorded <> '' then recorded::timestamptz else plimsoll.now() end, p_data
    from plimsoll.event_epoch e where e.cluster = here and e.floor <= me
    returning epoch, exists (
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
  wrote := plimsoll.record_events(array[p_id], array[p_name], array[p_version], array[p_key], array[p_data], null, null, null,
    p_tenant, p_actor, p_trace, p_causation, p_correlation);
  perform pg_catalog.set_config('plimsoll.event_joined', plimsoll.event_cluster(), false);
  return wrote;
end $$;
grant execute on function plimsoll.record_event to :"app";
