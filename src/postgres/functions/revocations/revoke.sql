-- Returns false, and revokes nothing, if p_most others are kept.
create or replace function plimsoll.revoke(
  p_kind text, p_tenant text, p_id text, p_before_ms double precision, p_keep_ms double precision, p_until_ms double precision, p_most integer
) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  since timestamptz := coalesce(to_timestamp(p_before_ms / 1000), plimsoll.now());
  until timestamptz := coalesce(
    to_timestamp(p_until_ms / 1000),
    greatest(since, plimsoll.now()) + p_keep_ms * interval '1 millisecond',
    'infinity');
begin
  delete from plimsoll.revocations r where r.ctid in (
    select e.ctid from plimsoll.revocations e where e.expires_at <= plimsoll.now() order by e.expires_at limit 1000 for update skip locked
  );
  if (select count(*) from (select from plimsoll.revocations limit p_most) r) >= p_most
    and not exists (select from plimsoll.revocations r where r.kind = p_kind and r.tenant = p_tenant and r.id = p_id) then
    return false;
  end if;
  insert into plimsoll.revocations as r (kind, tenant, id, before, expires_at)
  values (p_kind, p_tenant, p_id, case when p_kind = 'user' then since end, until)
  on conflict (kind, tenant, id) do update
    set before = greatest(r.before, excluded.before), expires_at = greatest(r.expires_at, excluded.expires_at), xid = excluded.xid;
  perform pg_notify('plimsoll_revocations', '');
  return true;
end $$;
grant execute on function plimsoll.revoke to :"app";
