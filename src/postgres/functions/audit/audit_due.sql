-- Up to which link the oldest of a tenant may be sealed: those older than the retention and than what the owner keeps. Null where none may.
create or replace function plimsoll.audit_due(p_tenant text, p_retention_ms bigint, p_limit integer) returns bigint
  language sql stable security definer set search_path = ''
  as $$
  select pg_catalog.max(o.n) from (select l.n, l.linked_ms from plimsoll.audit_links l where l.tenant = p_tenant order by l.n limit p_limit) o
  where o.linked_ms < plimsoll.now_ms() - greatest(p_retention_ms, plimsoll.audit_keep_ms()) $$;
grant execute on function plimsoll.audit_due to :"app";
