-- A worker leaves in order: the tasks that it still has are released, and this does not count as a crash. The worker's row is deleted first, which waits
-- for a claim of it that is on its way: what that claim takes is released as well, as no worker would rescue it later.
create or replace function plimsoll.leave_workers(p_token bigint) returns void
  language sql volatile security definer set search_path = ''
  as $$
  delete from plimsoll.task_workers where token = p_token;
  update plimsoll.tasks set lease = null, attempt = attempt - 1 where lease = p_token $$;
grant execute on function plimsoll.leave_workers to :"app";
