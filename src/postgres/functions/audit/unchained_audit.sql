-- Records without a link, and pending ones without a record, that are so old that they should be chained.
create or replace function plimsoll.unchained_audit(p_tenant text, p_older_ms bigint, p_limit integer)
  returns table (id uuid, tenant text, missing boolean)
  language sql stable security definer set search_path = ''
  as $$
  select u.id, u.tenant, u.missing from (
    (select r.id, r.tenant, false as missing from plimsoll.audit_records r
      where not exists (select from plimsoll.audit_links l where l.id = r.id)
        and not exists (select from plimsoll.audit_pending p where p.id = r.id and p.written_at >= plimsoll.now() - p_older_ms * interval '1 millisecond')
        and (p_tenant is null or r.tenant = p_tenant)
      limit p_limit)
    union all
    (select p.id, null, true from plimsoll.audit_pending p
      where not exists (select from plimsoll.audit_records r where r.id = p.id) limit p_limit)
  ) u limit p_limit $$;
grant execute on function plimsoll.unchained_audit to :"app";
