-- Starts a session. An actor keeps the newest `p_most`. Each start deletes a few sessions that have expired, so that no more than the live ones pile up.
create or replace function plimsoll.start_session(
  p_id uuid, p_hash bytea, p_actor text, p_tenant text, p_roles text[], p_claims jsonb, p_idle_ms double precision, p_absolute_ms double precision, p_most integer
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  idle interval := p_idle_ms * interval '1 millisecond';
  until timestamptz := plimsoll.now() + p_absolute_ms * interval '1 millisecond';
begin
  delete from plimsoll.sessions s where s.ctid = any (array(
    select e.ctid from plimsoll.sessions e where e.expires_at <= plimsoll.now() order by e.expires_at limit 20 for update skip locked
  ));
  delete from plimsoll.sessions s where s.id in (
    select o.id from plimsoll.sessions o where o.actor_id = p_actor and o.tenant_id is not distinct from p_tenant
    order by o.started_at desc, o.id desc offset p_most - 1
  );
  insert into plimsoll.sessions (id, token_hash, actor_id, tenant_id, roles, claims, started_at, rotated_at, idle, ends_at, expires_at)
  values (p_id, p_hash, p_actor, p_tenant, p_roles, p_claims, plimsoll.now(), plimsoll.now(), idle, until, least(plimsoll.now() + idle, until));
end $$;
grant execute on function plimsoll.start_session to :"app";
