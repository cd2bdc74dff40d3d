-- Records that are not chained yet, in the order in which they were written, and the time by which they are chained now.
create or replace function plimsoll.read_pending_audit(p_limit integer)
  returns table (id uuid, tenant text, hash text, linked_ms bigint)
  language sql volatile security definer set search_path = ''
  as $$
  select p.id, r.tenant, r.hash, plimsoll.now_ms()
  from plimsoll.audit_pending p join plimsoll.audit_records r on r.id = p.id order by p.seq limit p_limit $$;
grant execute on function plimsoll.read_pending_audit to :"app";
