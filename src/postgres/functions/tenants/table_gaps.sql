-- Of tenancy_gaps, the tables.
create or replace function plimsoll.table_gaps(p_schema text) returns table (object text, gap text, fix text)
  language sql stable set search_path = ''
  as $$
with relations as (
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
from relations r join pg_catalog.pg_constraint f on f.conrelid = r.oid and f.contype = 'f' and f.confrelid in (select t from plimsoll.tenant_tables() t)
where not r.has_tenant
$$;
