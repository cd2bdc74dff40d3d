create or replace function plimsoll.join_event_workers(p_name text, p_lease_ms integer, p_serves text[]) returns bigint
  language sql volatile security definer set search_path = ''
  as $$
  insert into plimsoll.event_workers (name, expires_at, serves)
  values (p_name, plimsoll.now() + p_lease_ms * interval '1 millisecond', p_serves) returning token $$;
grant execute on function plimsoll.join_event_workers to :"app";
