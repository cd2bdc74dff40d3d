-- Records of the audit trail, the newest first. A tenant reads its own, whatever p_tenant is; where no tenant is set, those of p_tenant.
create or replace function plimsoll.read_audit(p_tenant text, p_subject text, p_operation text, p_actor text, p_from_ms bigint, p_before_ms bigint, p_limit integer)
  returns table (
    id uuid, tenant text, at timestamptz, operation text, subject text, actor text, actor_kind text, address text, request text, trace text, outcome text,
    fault text, input text, before text, after text, n bigint
  )
  language sql stable security definer set search_path = ''
  as $$
  select r.id, r.tenant, pg_catalog.to_timestamp(r.at_ms / 1000.0), r.operation, r.subject, r.actor, r.actor_kind, r.address, r.request, r.trace, r.outcome, r.fault,
    r.input, r.before, r.after, l.n
  from plimsoll.audit_records r left join plimsoll.audit_links l on l.id = r.id
  where r.tenant = coalesce(plimsoll.tenant(), p_tenant, '') and (p_subject is null or r.subject = p_subject) and (p_operation is null or r.operation = p_operation)
    and (p_actor is null or r.actor = p_actor) and (p_from_ms is null or r.at_ms >= p_from_ms) and (p_before_ms is null or r.at_ms < p_before_ms)
  order by r.at_ms desc, r.id desc limit p_limit $$;
grant execute on function plimsoll.read_audit to :"app";
