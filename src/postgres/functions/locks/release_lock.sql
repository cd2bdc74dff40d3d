create or replace function plimsoll.release_lock(p_name text, p_token bigint) returns void
  language sql volatile security definer set search_path = ''
  as $$ update plimsoll.locks set expires_at = '-infinity' where name = p_name and token = p_token $$;
grant execute on function plimsoll.release_lock to :"app";
