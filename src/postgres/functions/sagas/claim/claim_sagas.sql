-- Leases sagas that are due to a worker, of the names and versions that its code knows, and returns them with their journals.
create or replace function plimsoll.claim_sagas(p_token bigint, p_names text[], p_versions integer[], p_limits integer[], p_limit integer)
  returns table (
    id uuid, name text, version integer, undoing boolean, remaining bigint, generation integer, rescues smallint, input text, context text, fault text, code text,
    lag bigint, steps text
  )
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_sort = on set jit = off
  as $$
#variable_conflict use_column
declare
  now_ms bigint := plimsoll.now_ms();
  taken uuid[];
begin
  perform from plimsoll.saga_workers w where w.token = p_token for key share;
  if not found then
    raise exception 'the lease of this worker is lost' using errcode = 'PL001';
  end if;
    with due as (
      select f.id, f.due from unnest(p_names, p_versions, p_limits) as n (name, version, most)
      cross join lateral (
        select s.id, s.due from plimsoll.sagas s
        where s.name = n.name and s.version = n.version and s.lease is null and s.due is not null and s.due <= now_ms
        order by s.due limit n.most for update skip locked
      ) f limit p_limit
    ), leased as (
      update plimsoll.sagas s set lease = p_token, wakes = false from due d where s.id = d.id returning s.id
    )
    select array_agg(l.id) into taken from leased l;
  perform plimsoll.take_saga_signals(taken);
  return query
    select t.id, t.name, t.version, t.undoing, t.deadline - now_ms, t.generation, t.rescues, t.input, t.context, t.fault, t.code, now_ms - t.due,
      (select pg_catalog.json_agg(pg_catalog.json_build_array(j.name, j.kind, j.state, j.attempt, j.due - now_ms, j.undoable, j.output, j.fault, j.awaited)
        order by j.seq)::text from plimsoll.saga_steps j where j.saga = t.id)
    from plimsoll.sagas t where t.id = any (taken);
end $$;
grant execute on function plimsoll.claim_sagas to :"app";
