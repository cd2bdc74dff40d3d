-- Makes an empty table like another one, with its indexes, constraints, policies and grants.
create or replace function plimsoll.copy_table(p_from regclass, p_schema text, p_table text) returns void
  language plpgsql volatile set search_path = ''
  as $$
declare
  into_table text := pg_catalog.format('%I.%I', p_schema, p_table);
  part text;
begin
  execute pg_catalog.format('drop table if exists %s', into_table);
  execute pg_catalog.format('create table %s (like %s including all)', into_table, p_from);
  for part in
    select pg_catalog.format('alter table %s owner to %I', into_table, pg_catalog.pg_get_userbyid(c.relowner)) from pg_catalog.pg_class c where c.oid = p_from
    union all
    select pg_catalog.format('alter table %s add constraint %I %s', into_table, c.conname, pg_catalog.pg_get_constraintdef(c.oid))
    from pg_catalog.pg_constraint c where c.conrelid = p_from and c.contype = 'f'
    union all
    select pg_catalog.format('grant %s on %s to %s', a.privilege_type, into_table, case when a.grantee = 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end)
    from pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a where c.oid = p_from
    union all
    select pg_catalog.format('alter table %s enable row level security', into_table) from pg_catalog.pg_class c where c.oid = p_from and c.relrowsecurity
    union all
    select pg_catalog.format('alter table %s force row level security', into_table) from pg_catalog.pg_class c where c.oid = p_from and c.relforcerowsecurity
    union all
    select pg_catalog.format('create policy %I on %s as %s for %s to %s%s%s', p.policyname, into_table, p.permissive, p.cmd,
      (select pg_catalog.string_agg(case when r = 'public' then r else pg_catalog.quote_ident(r) end, ', ') from unnest(p.roles) r),
      ' using (' || p.qual || ')', ' with check (' || p.with_check || ')')
    from pg_catalog.pg_policies p join pg_catalog.pg_class c on c.oid = p_from join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where p.schemaname = n.nspname and p.tablename = c.relname
  loop
    execute part;
  end loop;
end $$;
