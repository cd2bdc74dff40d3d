-- Forgets keys of signals that a step took long ago.
create or replace function plimsoll.forget_saga_signal_keys(p_kept_ms bigint, p_limit integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  forgotten integer;
begin
  delete from plimsoll.saga_signal_keys k using (
    select o.saga, o.name, o.key from plimsoll.saga_signal_keys o where o.taken < plimsoll.now_ms() - p_kept_ms order by o.taken limit p_limit
    for update skip locked
  ) old where k.saga = old.saga and k.name = old.name and k.key = old.key;
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;
grant execute on function plimsoll.forget_saga_signal_keys to :"app";
