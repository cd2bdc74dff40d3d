-- Of tenancy_gaps, the functions.
create or replace function plimsoll.function_gaps(p_schema text) returns table (object text, gap text, fix text)
  language sql stable set search_path = ''
  as $$
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
where p.unpinned
  or (exists (select from plimsoll.tenant_tables()) and pg_catalog.strpos(pg_catalog.pg_get_functiondef(p.oid), 'plimsoll.tenant()') = 0)
$$;
