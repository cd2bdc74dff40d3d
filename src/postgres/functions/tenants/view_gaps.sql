-- Of tenancy_gaps, the views.
create or replace function plimsoll.view_gaps(p_schema text) returns table (object text, gap text, fix text)
  language sql stable set search_path = ''
  as $$
with recursive
  -- Views over tables of tenants, and views over those.
  derived as (
    select t as oid from plimsoll.tenant_tables() t
    union
    select r.ev_class from derived b
    join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = b.oid
      and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    join pg_catalog.pg_rewrite r on r.oid = d.objid
  ),
  views as (
    select c.oid, c.relkind, c.reloptions from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = p_schema and c.relkind in ('v', 'm') and c.oid in (select d.oid from derived d)
      and coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), '') not like 'all tenants: %'
  )
select v.oid::pg_catalog.regclass::text, 'is a view that reads rows of tenants with the rights of its owner, whom no policy binds',
  pg_catalog.format('Add: alter view %s set (security_invoker = true);', v.oid::pg_catalog.regclass)
from views v where v.relkind = 'v'
  and not coalesce((select o.option_value::boolean from pg_catalog.pg_options_to_table(v.reloptions) o where o.option_name = 'security_invoker'), false)
union all
select v.oid::pg_catalog.regclass::text, 'is a materialized view that keeps rows of all tenants, and can have no policy',
  'Make it a table with tenant_id and plimsoll.tenant_table(), which is filled by an operation.'
from views v where v.relkind = 'm'
$$;
