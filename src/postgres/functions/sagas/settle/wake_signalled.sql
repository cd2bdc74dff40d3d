-- Has sagas run once more whose steps have begun to wait for a signal that came before. One that comes meanwhile wakes them itself.
create or replace function plimsoll.wake_signalled(p_sagas uuid[]) returns void
  language sql volatile set search_path = ''
  as $$
  update plimsoll.sagas s set wakes = true
  where s.id = any (p_sagas) and exists (
    select from plimsoll.saga_steps j join plimsoll.saga_signals g on g.saga = j.saga and g.name = j.awaited
    where j.saga = s.id and j.kind = 'signal' and j.state = 'waiting') $$;
