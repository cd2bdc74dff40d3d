-- Receives messages of one shard in one transaction: moves the position, appends to the log what was not received before, and keeps what cannot be handled. Returns
-- moved = false, and does nothing, where the position is not the one that the receiver read from: another process receives. p_to is null where the broker keeps the
-- position. p_letters has id, place, reason, headers and the body in base64.
create or replace function plimsoll.receive_messages(
  p_subscription text, p_shard text, p_from text, p_to text,
  p_ids uuid[], p_names text[], p_versions integer[], p_keys text[], p_tenants text[], p_actors text[], p_traces text[], p_causations text[],
  p_correlations text[], p_data text[], p_letters jsonb, out moved boolean, out received integer
)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  appended_to integer;
  stands_at text;
begin
  moved := false;
  received := 0;
  -- Before this transaction has an id: of two that receive the same shard, the one that commits later has the higher id, and so stands behind it in the log.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(p_subscription || E'\n' || p_shard, 7));
  select i.position into stands_at from plimsoll.inboxes i where i.subscription = p_subscription and i.shard = p_shard;
  if p_to is not null and stands_at is distinct from p_from then
    return;
  end if;
  moved := true;
  insert into plimsoll.inboxes (subscription, shard, position) values (p_subscription, p_shard, p_to)
  on conflict (subscription, shard) do update set position = excluded.position, received_at = plimsoll.now();
  insert into plimsoll.inbox_dead_letters (id, subscription, shard, place, reason, headers, body)
  select l.id, p_subscription, p_shard, l.place, l.reason, l.headers, pg_catalog.decode(l.body, 'base64')
  from pg_catalog.jsonb_to_recordset(p_letters) as l (id uuid, place text, reason text, headers text, body text)
  on conflict (id) do nothing;
  if pg_catalog.cardinality(p_ids) = 0 then
    return;
  end if;
  appended_to := plimsoll.join_event_epoch();
  with given as materialized (
    select u.* from unnest(p_ids, p_names, p_versions, p_keys, p_tenants, p_actors, p_traces, p_causations, p_correlations, p_data)
      with ordinality as u (id, name, version, key, tenant, actor, trace, causation, correlation, data, n)
  ), fresh as (
    insert into plimsoll.inbox_messages (id) select g.id from given g on conflict (id) do nothing returning id
  )
  insert into plimsoll.events (epoch, xid, seq, id, name, version, key, tenant, actor, trace, causation, correlation, recorded_at, data)
  select appended_to, pg_catalog.pg_current_xact_id(), pg_catalog.nextval('plimsoll.event_seq'), o.id, o.name, o.version, o.key, o.tenant, o.actor, o.trace,
    o.causation, o.correlation, plimsoll.now(), o.data
  from (select g.* from given g join fresh f on f.id = g.id order by g.n) o;
  get diagnostics received = row_count;
end $$;
grant execute on function plimsoll.receive_messages to :"app";
