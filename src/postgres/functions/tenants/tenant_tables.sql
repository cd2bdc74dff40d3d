-- The tables, of all schemas, whose rows a policy keeps apart by tenant.
create or replace function plimsoll.tenant_tables() returns setof oid
  language sql stable set search_path = ''
  as $$
select c.oid from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
where c.relkind in ('r', 'p') and c.relrowsecurity
$$;
