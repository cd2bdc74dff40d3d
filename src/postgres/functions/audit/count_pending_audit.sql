create or replace function plimsoll.count_pending_audit(p_bound integer) returns integer
  language sql stable security definer set search_path = ''
  as $$ select pg_catalog.count(*)::integer from (select from plimsoll.audit_pending limit p_bound) p $$;
grant execute on function plimsoll.count_pending_audit to :"app";
