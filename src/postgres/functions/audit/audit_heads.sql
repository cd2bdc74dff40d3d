-- The last link of each of the tenants, which may be that of a sealed span; where none are named, of the tenants behind p_after, in their order.
create or replace function plimsoll.audit_heads(p_tenants text[], p_after text, p_limit integer) returns table (tenant text, n bigint, hash text)
  language sql stable security definer set search_path = ''
  as $$
  with recursive walked (tenant) as (
    select plimsoll.next_audit_tenant(p_after) where p_tenants is null
    union all
    select plimsoll.next_audit_tenant(w.tenant) from walked w where w.tenant is not null
  ), asked as (
    select u.tenant from pg_catalog.unnest(p_tenants) u (tenant)
    union all
    (select w.tenant from walked w where w.tenant is not null limit p_limit)
  )
  select a.tenant, e.n, e.hash
  from asked a cross join lateral (
    select x.n, x.hash from (
      (select l.n, l.hash from plimsoll.audit_links l where l.tenant = a.tenant order by l.n desc limit 1)
      union all
      (select s.to_n, s.link from plimsoll.audit_spans s where s.tenant = a.tenant order by s.to_n desc limit 1)
    ) x order by x.n desc limit 1
  ) e order by a.tenant $$;
grant execute on function plimsoll.audit_heads to :"app";
