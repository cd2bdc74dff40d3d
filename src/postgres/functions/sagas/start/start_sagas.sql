-- Starts sagas, all or none. Those with a token are leased to that worker as they are written, where it is still there. Returns a row for each that has a key.
create or replace function plimsoll.start_sagas(
  p_token bigint, p_ids uuid[], p_names text[], p_versions integer[], p_inputs text[], p_contexts text[], p_budgets bigint[], p_delays bigint[],
  p_ats bigint[], p_keys uuid[], p_hashes uuid[], p_codes text[]
) returns table (id uuid, state text)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  holder bigint;
begin
  if p_token is not null then
    select w.token into holder from plimsoll.saga_workers w where w.token = p_token and w.expires_at > plimsoll.now() for key share;
  end if;
  insert into plimsoll.sagas (id, name, version, lease, due, deadline, started, input, context, key, input_hash, code, epoch, xid)
  select t.id, t.name, t.version, holder, greatest(now_ms, coalesce(t.at, now_ms + coalesce(t.delay, 0))),
    greatest(now_ms, coalesce(t.at, now_ms + coalesce(t.delay, 0))) + t.budget, now_ms, t.input, t.context, t.key, t.hash, t.code,
    (select e.epoch from plimsoll.event_epoch e), pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())
  from unnest(p_ids, p_names, p_versions, p_inputs, p_contexts, p_budgets, p_delays, p_ats, p_keys, p_hashes, p_codes)
    as t (id, name, version, input, context, budget, delay, at, key, hash, code)
  on conflict do nothing;
  if p_keys[1] is not null then
    return query
      select s.id, case when s.id = t.id then 'started' when s.input_hash = t.hash then 'known' else 'mismatch' end
      from unnest(p_ids, p_keys, p_hashes) with ordinality as t (id, key, hash, n) join plimsoll.sagas s on s.key = t.key order by t.n;
  end if;
end $$;
grant execute on function plimsoll.start_sagas to :"app";
