-- Tells the sagas that wait for these of their ends, where they have ended.
create or replace function plimsoll.end_child_sagas(p_sagas uuid[]) returns void
  language plpgsql volatile set search_path = ''
  as $$
declare
  woken uuid[];
begin
  with ended as (
    update plimsoll.saga_steps j set state = case when s.state = 'completed' then 'done' else 'failed' end, due = null, at = plimsoll.now_ms(),
      output = case when s.state = 'completed' then s.output end, fault = case when s.state <> 'completed' then coalesce(s.fault, s.stopped) end
    from plimsoll.sagas s
    where s.id = any (p_sagas) and s.ended is not null and j.awaited = s.id::text and j.state = 'waiting' and j.kind = 'child'
    returning j.saga
  )
  select array_agg(e.saga) into woken from ended e;
  perform plimsoll.wake_sagas(woken);
end $$;
