-- One statement does all that a worker does regularly. next_due_ms: when the next saga that its code knows is due, which may be past.
create or replace function plimsoll.saga_heartbeat(
  p_token bigint, p_lease_ms integer, p_names text[], p_versions integer[], p_known uuid[], p_rescues integer,
  out alive boolean, out rescued integer, out next_due_ms bigint
)
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
  as $$
begin
  update plimsoll.saga_workers w set expires_at = plimsoll.now() + p_lease_ms * interval '1 millisecond' where w.token = p_token;
  alive := found;
  rescued := plimsoll.rescue_sagas(p_rescues);
  if alive and p_known is not null then
    -- What is leased to this worker, which does not know it: the response to a start or a claim was lost. One that was just started may be on its way.
    update plimsoll.sagas s set lease = null, due = least(s.due, plimsoll.now_ms()) where s.lease = p_token and s.id <> all (p_known) and s.started < plimsoll.now_ms() - 10000;
  end if;
  select min(f.due) - plimsoll.now_ms() into next_due_ms from unnest(p_names, p_versions) as n (name, version)
  cross join lateral (
    select s.due from plimsoll.sagas s where s.name = n.name and s.version = n.version and s.lease is null and s.due is not null order by s.due limit 1
  ) f;
end $$;
grant execute on function plimsoll.saga_heartbeat to :"app";
