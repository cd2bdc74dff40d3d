-- The live session that has a token, or had it until a moment ago.
create or replace function plimsoll.find_session(p_hash bytea) returns setof plimsoll.sessions
  language plpgsql stable security definer set search_path = ''
  as $$
begin
  return query select s.* from plimsoll.sessions s where s.token_hash = p_hash and s.expires_at > plimsoll.now();
  if not found then
    return query select s.* from plimsoll.sessions s
    where s.previous_hash = p_hash and s.expires_at > plimsoll.now() and (s.previous_until is null or s.previous_until > plimsoll.now());
  end if;
end $$;
