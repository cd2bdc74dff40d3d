-- Appends events in their order, as a part of the transaction that emits them: those of streams behind the last one of their stream, the others to the log. Returns
-- the position of the last one. p_streams is null where none is of a stream. Where projections were kept before, the time of the events is what they were given.
create or replace function plimsoll.record_events(
  p_ids uuid[], p_names text[], p_versions integer[], p_keys text[], p_data text[], p_streams text[], p_stream_ids text[], p_stream_versions integer[],
  p_tenant text, p_actor text, p_trace text, p_causation text, p_correlation text
) returns text
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  appended_to integer;
  me xid8;
  known text[] := pg_catalog.string_to_array(pg_catalog.current_setting('plimsoll.inline_known', true), ' ');
  recorded timestamptz := nullif(pg_catalog.current_setting('plimsoll.recorded_at', true), '')::timestamptz;
begin
  -- All that was emitted may have been undone.
  if pg_catalog.cardinality(p_ids) = 0 then
    return null;
  end if;
  appended_to := plimsoll.join_event_epoch();
  me := pg_catalog.pg_current_xact_id();
  perform plimsoll.refuse_old_snapshot();
  if exists (select from plimsoll.inline_projections i where i.events && p_names and (known is null or not i.name = any (known))) then
    perform plimsoll.note_unknown(p_names, coalesce(known, '{}'));
  end if;
  if p_streams is null then
    insert into plimsoll.events (epoch, xid, seq, id, name, version, key, tenant, actor, trace, causation, correlation, recorded_at, data)
    select appended_to, me, pg_catalog.nextval('plimsoll.event_seq'), o.id, o.name, o.version, o.key,
      p_tenant, p_actor, p_trace, p_causation, p_correlation, coalesce(recorded, plimsoll.now()), o.data
    from (
      select u.* from unnest(p_ids, p_names, p_versions, p_keys, p_data) with ordinality as u (id, name, version, key, data, n) order by u.n
    ) o;
  else
    perform plimsoll.append_to_streams(p_ids, p_names, p_versions, p_keys, p_data, p_streams, p_stream_ids, p_stream_versions,
      p_tenant, p_actor, p_trace, p_causation, p_correlation, appended_to, coalesce(recorded, plimsoll.now()));
  end if;
  return appended_to::text || '/' || me::text || '/' || pg_catalog.currval('plimsoll.event_seq')::text;
end $$;
grant execute on function plimsoll.record_events to :"app";
