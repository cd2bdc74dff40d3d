-- Deletes streams, of any tenant, to which nothing was written for as long as they are kept. Returns how many.
create or replace function plimsoll.expire_durable_streams(p_stream text, p_batch integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  deleted integer;
begin
  delete from plimsoll.durable_streams d where d.ctid = any (array(
    select e.ctid from plimsoll.durable_streams e where e.stream = p_stream and e.expires_at <= plimsoll.now() order by e.expires_at limit p_batch
    for update skip locked));
  get diagnostics deleted = row_count;
  return deleted;
end $$;
grant execute on function plimsoll.expire_durable_streams to :"app";
