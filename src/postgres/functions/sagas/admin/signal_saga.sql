-- Leaves a signal for a saga, once for its key, and has the saga run. Returns whether there is such a saga, and whether it has ended.
create or replace function plimsoll.signal_saga(p_id uuid, p_name text, p_payload text, p_key text, p_bound integer) returns text
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  has_ended boolean;
begin
  -- The end of a run waits for this lock, and reads then that it is to run once more.
  select s.ended is not null into has_ended from plimsoll.sagas s where s.id = p_id for update;
  if not found then
    return 'unknown';
  elsif exists (select from plimsoll.saga_signals g where g.saga = p_id and g.name = p_name and g.key = p_key)
    or exists (select from plimsoll.saga_signal_keys k where k.saga = p_id and k.name = p_name and k.key = p_key) then
    return 'sent';
  elsif has_ended then
    return 'ended';
  elsif (select pg_catalog.count(*) from plimsoll.saga_signals g where g.saga = p_id) >= p_bound then
    return 'full';
  end if;
  insert into plimsoll.saga_signals (saga, name, key, payload, at) values (p_id, p_name, p_key, p_payload, plimsoll.now_ms()) on conflict do nothing;
  perform plimsoll.wake_sagas(array[p_id]);
  return 'sent';
end $$;
grant execute on function plimsoll.signal_saga to :"app";
