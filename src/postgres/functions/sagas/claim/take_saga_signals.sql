-- Gives signals to the steps that wait for them, the oldest first, and keeps their keys.
create or replace function plimsoll.take_saga_signals(p_sagas uuid[]) returns void
  language sql volatile set search_path = ''
  as $$
  with waiting as (
    select j.saga, j.name, j.awaited, pg_catalog.row_number() over (partition by j.saga, j.awaited order by j.seq) as n
    from plimsoll.saga_steps j where j.saga = any (p_sagas) and j.kind = 'signal' and j.state = 'waiting'
  ), sent as (
    select g.saga, g.seq, g.name, g.payload, pg_catalog.row_number() over (partition by g.saga, g.name order by g.seq) as n
    from plimsoll.saga_signals g where g.saga = any (p_sagas)
  ), taken as (
    delete from plimsoll.saga_signals g using sent s join waiting w on w.saga = s.saga and w.awaited = s.name and w.n = s.n
    where g.saga = s.saga and g.seq = s.seq returning w.saga, w.name as step, g.name, g.key, s.payload
  ), kept as (
    insert into plimsoll.saga_signal_keys (saga, name, key, taken)
    select t.saga, t.name, t.key, plimsoll.now_ms() from taken t where t.key is not null
    on conflict (saga, name, key) do update set taken = excluded.taken
  )
  update plimsoll.saga_steps j set state = 'done', due = null, output = pg_catalog.json_build_object('got', t.payload::json)::text, at = plimsoll.now_ms()
  from taken t where j.saga = t.saga and j.name = t.step $$;
