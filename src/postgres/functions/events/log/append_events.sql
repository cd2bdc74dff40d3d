-- Appends events in their order, as a part of the transaction that emits them.
create or replace function plimsoll.append_events(
  p_ids uuid[], p_names text[], p_versions integer[], p_keys text[], p_data text[],
  p_tenant text, p_actor text, p_trace text, p_causation text, p_correlation text
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  appended_to integer;
begin
  -- All that was emitted may have been undone.
  if pg_catalog.cardinality(p_ids) = 0 then
    return;
  end if;
  appended_to := plimsoll.join_event_epoch();
  insert into plimsoll.events (epoch, xid, seq, id, name, version, key, tenant, actor, trace, causation, correlation, recorded_at, data)
  select appended_to, pg_catalog.pg_current_xact_id(), pg_catalog.nextval('plimsoll.event_seq'), o.id, o.name, o.version, o.key,
    p_tenant, p_actor, p_trace, p_causation, p_correlation, plimsoll.now(), o.data
  from (
    select u.* from unnest(p_ids, p_names, p_versions, p_keys, p_data) with ordinality as u (id, name, version, key, data, n) order by u.n
  ) o;
end $$;
grant execute on function plimsoll.append_events to :"app";
