-- Finds the session of a token, and prolongs it. If its token is older than `p_rotate_ms`, the session gets the token whose hash is `p_new_hash`, and
-- `rotated` is true. Returns no row if no session has the token, or it has ended.
create or replace function plimsoll.use_session(
  p_hash bytea, p_new_hash bytea, p_rotate_ms double precision,
  out id uuid, out actor_id text, out tenant_id text, out roles text[], out claims text, out started_ms double precision, out rotated boolean, out left_ms double precision
) returns setof record
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  at timestamptz := plimsoll.now();
  grace constant interval := interval '30 seconds';
  found_session plimsoll.sessions;
  due boolean;
  until timestamptz;
begin
  select * into found_session from plimsoll.find_session(p_hash);
  if not found then
    return;
  end if;
  if found_session.token_hash = p_hash then
    due := found_session.rotated_at <= at - p_rotate_ms * interval '1 millisecond';
  else
    -- The response with the new token was lost: the caller gets another.
    due := found_session.previous_until is null and found_session.rotated_at <= at - grace;
  end if;
  until := least(at + found_session.idle, found_session.ends_at);
  rotated := false;
  if due then
    update plimsoll.sessions s
    set token_hash = p_new_hash, previous_hash = p_hash, previous_until = null, rotated_at = at, expires_at = until
    where s.id = found_session.id and s.token_hash = found_session.token_hash;
    -- Of two requests at the same time, one gets the new token.
    rotated := found;
  elsif found_session.token_hash = p_hash and found_session.previous_hash is not null and found_session.previous_until is null then
    update plimsoll.sessions s set previous_until = at + grace, expires_at = until where s.id = found_session.id and s.token_hash = p_hash;
  -- Written once in a while: most requests only read.
  elsif until > found_session.expires_at + least(interval '1 minute', found_session.idle / 20) then
    update plimsoll.sessions s set expires_at = until where s.id = found_session.id and s.expires_at = found_session.expires_at;
  else
    until := found_session.expires_at;
  end if;
  id := found_session.id;
  actor_id := found_session.actor_id;
  tenant_id := found_session.tenant_id;
  roles := found_session.roles;
  claims := found_session.claims::text;
  started_ms := extract(epoch from found_session.started_at) * 1000;
  left_ms := extract(epoch from until - at) * 1000;
  return next;
end $$;
grant execute on function plimsoll.use_session to :"app";
