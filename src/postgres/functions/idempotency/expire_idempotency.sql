create or replace function plimsoll.expire_idempotency(p_batch integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  since timestamptz;
  until timestamptz;
  deleted integer;
begin
  select s.swept_until into since from plimsoll.idempotency_sweep s for update skip locked;
  -- Another process deletes expired records at this moment.
  if not found then
    return 0;
  end if;
  with gone as (
    delete from plimsoll.idempotency i
    where i.ctid = any (array(
        select e.ctid from plimsoll.idempotency e
        where e.expires_at >= since and e.expires_at <= plimsoll.now() order by e.expires_at limit p_batch
      ))
      -- Checked again: a caller may have written a new record over the expired one meanwhile.
      and i.expires_at <= plimsoll.now()
    returning i.expires_at
  )
  select count(*), max(g.expires_at) into deleted, until from gone g;
  -- Once it has caught up it restarts from the beginning, and so finds records that were written behind it.
  update plimsoll.idempotency_sweep s set swept_until = case when deleted < p_batch then '-infinity' else until end
  where s.swept_until is distinct from case when deleted < p_batch then '-infinity' else until end;
  return deleted;
end $$;
grant execute on function plimsoll.expire_idempotency to :"app";
