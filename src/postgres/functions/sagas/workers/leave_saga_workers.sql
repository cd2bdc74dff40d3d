-- A worker leaves in order: what it still has is due at once, and this does not count as a loss.
create or replace function plimsoll.leave_saga_workers(p_token bigint) returns void
  language sql volatile security definer set search_path = ''
  as $$
  delete from plimsoll.saga_workers where token = p_token;
  update plimsoll.sagas set lease = null, due = least(due, plimsoll.now_ms()) where lease = p_token $$;
grant execute on function plimsoll.leave_saga_workers to :"app";
