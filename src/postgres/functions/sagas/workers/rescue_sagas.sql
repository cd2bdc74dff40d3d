-- Releases the sagas of workers whose lease has ended. One that was lost too often waits for a person: it may be what ends its process.
create or replace function plimsoll.rescue_sagas(p_rescues integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  lost bigint[];
  rescued integer;
begin
  with gone as (
    delete from plimsoll.saga_workers g where g.token = any (array(
      select w.token from plimsoll.saga_workers w where w.expires_at <= plimsoll.now() for update skip locked))
    returning g.token
  )
  select array_agg(token) into lost from gone;
  update plimsoll.sagas s set lease = null, rescues = s.rescues + 1,
    state = case when s.rescues + 1 >= p_rescues then 'suspended' else s.state end,
    due = case when s.rescues + 1 < p_rescues then plimsoll.now_ms() end,
    stopped = case when s.rescues + 1 >= p_rescues then pg_catalog.json_build_object('code', 'internal', 'type', 'saga_workers_lost', 'message',
      'Its worker was lost ' || s.rescues + 1 || ' times while it had this saga. Look for a step that ends its process or blocks the event loop.')::text end
  where s.lease = any (lost)
    or (s.lease is not null and not exists (select from plimsoll.saga_workers w where w.token = s.lease));
  get diagnostics rescued = row_count;
  return rescued;
end $$;
