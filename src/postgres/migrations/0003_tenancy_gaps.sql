-- What would let one tenant see another's rows although every table has its policy. The migration runner asks after each file of a module
-- and keeps nothing of a file that leaves a gap. Where it is meant: comment on … is 'all tenants: why'.
create function plimsoll.tenancy_gaps(p_schema text) returns table (object text, gap text, mend text)
  language sql stable set search_path = ''
  as $$
with recursive
  protected as (
    select c.oid from pg_catalog.pg_class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relkind in ('r', 'p') and c.relrowsecurity
  ),
  -- Views over them, and views over those.
  derived as (
    select oid from protected
    union
    select r.ev_class from derived b
    join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = b.oid
      and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    join pg_catalog.pg_rewrite r on r.oid = d.objid
  ),
  relations as (
    select c.*, exists (
        select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
      ) as has_tenant
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = p_schema and coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), '') not like 'all tenants: %'
  )
select r.oid::pg_catalog.regclass::text, 'has a column tenant_id and no row-level security',
  pg_catalog.format('Add: select plimsoll.tenant_table(%L);', r.oid::pg_catalog.regclass::text)
from relations r where r.relkind in ('r', 'p') and r.has_tenant and not r.relrowsecurity
union all
select distinct r.oid::pg_catalog.regclass::text, pg_catalog.format('refers to %s, which belongs to tenants, and has no tenant_id', f.confrelid::pg_catalog.regclass),
  pg_catalog.format('Add tenant_id and: select plimsoll.tenant_table(%L);', r.oid::pg_catalog.regclass::text)
from relations r join pg_catalog.pg_constraint f on f.conrelid = r.oid and f.contype = 'f' and f.confrelid in (select p.oid from protected p)
where not r.has_tenant
union all
select r.oid::pg_catalog.regclass::text, 'is a view that reads rows of tenants with the rights of its owner, whom no policy binds',
  pg_catalog.format('Add: alter view %s set (security_invoker = true);', r.oid::pg_catalog.regclass)
from relations r where r.relkind = 'v' and r.oid in (select d.oid from derived d)
  and not coalesce((select o.option_value::boolean from pg_catalog.pg_options_to_table(r.reloptions) o where o.option_name = 'security_invoker'), false)
union all
select r.oid::pg_catalog.regclass::text, 'is a materialized view that keeps rows of all tenants, and can have no policy',
  'Make it a table with tenant_id and plimsoll.tenant_table(), which is filled by an operation.'
from relations r where r.relkind = 'm' and r.oid in (select d.oid from derived d)
union all
select p.oid::pg_catalog.regprocedure::text,
  case when p.unpinned then 'is a security-definer function without a search_path of its own' else 'is a security-definer function that does not ask plimsoll.tenant(), and no policy binds its owner' end,
  case when p.unpinned then pg_catalog.format('Add: alter function %s set search_path = '''';', p.oid::pg_catalog.regprocedure) else 'Add to each of its queries: where tenant_id = plimsoll.tenant()' end
from (
  select p.oid, not exists (select from pg_catalog.unnest(p.proconfig) s where s like 'search_path=%') as unpinned
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where n.nspname = p_schema and p.prosecdef and p.prokind in ('f', 'p')
    and coalesce(pg_catalog.obj_description(p.oid, 'pg_proc'), '') not like 'all tenants: %'
    and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
) p
where p.unpinned or (exists (select from protected) and pg_catalog.strpos(pg_catalog.pg_get_functiondef(p.oid), 'plimsoll.tenant()') = 0)
$$;
