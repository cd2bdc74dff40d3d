-- Ends all sessions of an actor within its tenant, but for one. Returns how many there were.
create or replace function plimsoll.end_sessions(p_actor text, p_tenant text, p_except uuid) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  ended integer;
begin
  delete from plimsoll.sessions s
  where s.actor_id = p_actor and s.tenant_id is not distinct from p_tenant and s.id is distinct from p_except;
  get diagnostics ended = row_count;
  return ended;
end $$;
grant execute on function plimsoll.end_sessions to :"app";
