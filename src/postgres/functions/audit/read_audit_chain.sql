-- The links of a tenant behind one of them, each with its record, whose columns are null where it is missing.
create or replace function plimsoll.read_audit_chain(p_tenant text, p_after bigint, p_limit integer)
  returns table (
    n bigint, link_id uuid, linked_ms bigint, previous text, link_key text, link_hash text,
    id uuid, tenant text, at_ms bigint, operation text, subject text, actor text, actor_kind text, address text, request text, trace text, outcome text, fault text,
    input text, before text, after text, key text, hash text
  )
  language sql stable security definer set search_path = ''
  as $$
  select l.n, l.id, l.linked_ms, l.previous, l.key, l.hash,
    r.id, r.tenant, r.at_ms, r.operation, r.subject, r.actor, r.actor_kind, r.address, r.request, r.trace, r.outcome, r.fault, r.input, r.before, r.after, r.key, r.hash
  from plimsoll.audit_links l left join plimsoll.audit_records r on r.id = l.id
  where l.tenant = p_tenant and l.n > p_after order by l.n limit p_limit $$;
grant execute on function plimsoll.read_audit_chain to :"app";
