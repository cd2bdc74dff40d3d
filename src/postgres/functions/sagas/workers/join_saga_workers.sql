create or replace function plimsoll.join_saga_workers(p_name text, p_lease_ms integer) returns bigint
  language sql volatile security definer set search_path = ''
  as $$
  insert into plimsoll.saga_workers (name, expires_at) values (p_name, plimsoll.now() + p_lease_ms * interval '1 millisecond') returning token $$;
grant execute on function plimsoll.join_saga_workers to :"app";
