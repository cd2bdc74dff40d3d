-- The tenant behind another one that has a chain, or the first one.
create or replace function plimsoll.next_audit_tenant(p_after text) returns text
  language sql stable set search_path = ''
  as $$
  select pg_catalog.min(t.tenant) from (
    (select l.tenant from plimsoll.audit_links l where p_after is null or l.tenant > p_after order by l.tenant limit 1)
    union all
    (select s.tenant from plimsoll.audit_spans s where p_after is null or s.tenant > p_after order by s.tenant limit 1)
  ) t $$;
