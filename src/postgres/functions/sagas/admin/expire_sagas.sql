-- Deletes sagas that ended long ago, with their journals.
create or replace function plimsoll.expire_sagas(p_retention_ms bigint, p_limit integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  expired uuid[];
begin
  expired := array(
    select s.id from plimsoll.sagas s where s.ended is not null and s.ended < plimsoll.now_ms() - p_retention_ms order by s.ended limit p_limit
    for update skip locked);
  delete from plimsoll.saga_steps j where j.saga = any (expired);
  delete from plimsoll.saga_signals g where g.saga = any (expired);
  delete from plimsoll.saga_signal_keys k where k.saga = any (expired);
  delete from plimsoll.saga_decisions d where d.saga = any (expired);
  delete from plimsoll.sagas s where s.id = any (expired);
  return pg_catalog.cardinality(expired);
end $$;
grant execute on function plimsoll.expire_sagas to :"app";
