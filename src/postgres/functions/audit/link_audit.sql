-- Chains records. Returns false, and chains none, where another process has chained one of them, or has taken a place, first. p_links: as JSON.
create or replace function plimsoll.link_audit(p_links text) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  with linked as (
    insert into plimsoll.audit_links (tenant, n, id, linked_ms, previous, key, hash)
    select l.tenant, l.n, l.id, l."linkedMs", l.previous, l.key, l.hash
    from pg_catalog.json_to_recordset(p_links::json) as l (tenant text, n bigint, id uuid, "linkedMs" bigint, previous text, key text, hash text)
    returning id
  )
  delete from plimsoll.audit_pending p using linked l where p.id = l.id;
  return true;
exception when unique_violation then
  return false;
end $$;
grant execute on function plimsoll.link_audit to :"app";
