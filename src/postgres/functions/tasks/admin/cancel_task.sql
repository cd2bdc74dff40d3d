-- Cancels a task that has not begun, and releases its key. state: cancelled, running (its worker is notified), or unknown.
create or replace function plimsoll.cancel_task(p_id uuid, out state text)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  gone record;
begin
  delete from plimsoll.task_later l where l.id = p_id returning l.key into gone;
  if not found then
    delete from plimsoll.tasks t where t.id = p_id and t.lease is null returning t.key into gone;
  end if;
  if found then
    delete from plimsoll.task_keys k where k.id = gone.key and k.task = p_id;
    state := 'cancelled';
  elsif exists (select from plimsoll.tasks t where t.id = p_id) then
    perform pg_catalog.pg_notify('plimsoll_tasks', 'cancel ' || p_id);
    state := 'running';
  else
    state := 'unknown';
  end if;
end $$;
grant execute on function plimsoll.cancel_task to :"app";
