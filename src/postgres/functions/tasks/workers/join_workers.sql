create or replace function plimsoll.join_workers(p_name text, p_lease_ms integer, p_names text[] default null, p_serves text[] default null) returns bigint
  language sql volatile security definer set search_path = ''
  as $$
  insert into plimsoll.task_workers (name, expires_at, names, serves)
  values (p_name, plimsoll.now() + p_lease_ms * interval '1 millisecond', p_names, p_serves) returning token $$;
grant execute on function plimsoll.join_workers to :"app";
