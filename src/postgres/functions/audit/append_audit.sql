-- Writes records of the audit trail, as a part of the transaction that they are about. p_records: an array of objects, as JSON.
create or replace function plimsoll.append_audit(p_records text) returns void
  language sql volatile security definer set search_path = ''
  as $$
  with appended as (
    insert into plimsoll.audit_records
      (id, tenant, at_ms, operation, subject, actor, actor_kind, address, request, trace, outcome, fault, input, before, after, key, hash)
    select r.id, r.tenant, r."atMs", r.operation, r.subject, r.actor, r."actorKind", r.address, r.request, r.trace, r.outcome, r.fault, r.input, r.before, r.after,
      r.key, r.hash
    from pg_catalog.json_to_recordset(p_records::json) as r (
      id uuid, tenant text, "atMs" bigint, operation text, subject text, actor text, "actorKind" text, address text, request text, trace text, outcome text,
      fault text, input text, before text, after text, key text, hash text)
    returning id
  )
  insert into plimsoll.audit_pending (id) select a.id from appended a $$;
grant execute on function plimsoll.append_audit to :"app";
