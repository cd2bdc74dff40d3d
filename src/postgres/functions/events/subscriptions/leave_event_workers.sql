create or replace function plimsoll.leave_event_workers(p_token bigint) returns void
  language sql volatile security definer set search_path = ''
  as $$
  delete from plimsoll.event_workers where token = p_token;
  update plimsoll.subscription_partitions set owner = null where owner = p_token $$;
grant execute on function plimsoll.leave_event_workers to :"app";
