-- Seals the oldest links of a tenant, and deletes them with their records. Returns false, and deletes nothing, where one of them is younger than what the owner
-- keeps, where they are not the oldest, or where another process has sealed them.
create or replace function plimsoll.seal_audit(
  p_tenant text, p_from bigint, p_to bigint, p_first_ms bigint, p_last_ms bigint, p_sealed_ms bigint, p_link text, p_key text, p_hash text
) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform from plimsoll.audit_links l where l.tenant = p_tenant and l.n between p_from and p_to order by l.n for update;
  if exists (select from plimsoll.audit_links l where l.tenant = p_tenant and l.n <= p_to
    and (l.n < p_from or l.linked_ms >= plimsoll.now_ms() - plimsoll.audit_keep_ms()))
    or not exists (select from plimsoll.audit_links l where l.tenant = p_tenant and l.n = p_to and l.hash = p_link) then
    return false;
  end if;
  with old as (delete from plimsoll.audit_links l where l.tenant = p_tenant and l.n between p_from and p_to returning l.id)
  delete from plimsoll.audit_records r using old o where r.id = o.id;
  insert into plimsoll.audit_spans (tenant, from_n, to_n, first_ms, last_ms, sealed_ms, link, key, hash)
  values (p_tenant, p_from, p_to, p_first_ms, p_last_ms, p_sealed_ms, p_link, p_key, p_hash);
  return true;
end $$;
grant execute on function plimsoll.seal_audit to :"app";
