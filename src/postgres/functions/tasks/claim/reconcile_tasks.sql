-- Releases what a claim took whose response was lost: the tasks that are leased to the worker and that it does not know.
create or replace function plimsoll.reconcile_tasks(p_token bigint, p_queue text, p_known uuid[]) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  released integer;
begin
  update plimsoll.tasks t set lease = null, attempt = t.attempt - 1
  where t.lease = p_token and t.queue = p_queue and not (t.id = any (p_known));
  get diagnostics released = row_count;
  return released;
end $$;
grant execute on function plimsoll.reconcile_tasks to :"app";
