create or replace function plimsoll.read_audit_spans(p_tenant text, p_after bigint, p_limit integer) returns setof plimsoll.audit_spans
  language sql stable security definer set search_path = ''
  as $$ select * from plimsoll.audit_spans s where s.tenant = p_tenant and s.to_n > p_after order by s.to_n limit p_limit $$;
grant execute on function plimsoll.read_audit_spans to :"app";
