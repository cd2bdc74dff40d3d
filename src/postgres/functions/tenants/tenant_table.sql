-- Puts a table under row-level security by tenant. Demands what row-level security alone does not give: foreign keys bypass it, and unique
-- constraints see every tenant's rows, so each must contain tenant_id. The owner is not bound by the policy: migrations and security-definer
-- functions (full-text search) run as the owner and write the tenant clause themselves; the application never runs as the owner.
create or replace function plimsoll.tenant_table(p_table regclass) returns void
  language plpgsql volatile set search_path = ''
  as $$
declare
  tenant_column smallint;
begin
  select a.attnum into tenant_column from pg_catalog.pg_attribute a
  where a.attrelid = p_table and a.attname = 'tenant_id' and a.atttypid = 'text'::pg_catalog.regtype and not a.attisdropped;
  if tenant_column is null then
    raise exception '% has no column tenant_id of type text', p_table using hint = 'Add: tenant_id text not null default plimsoll.tenant()';
  end if;
  if not exists (select from pg_catalog.pg_constraint c where c.conrelid = p_table and c.contype = 'p') then
    raise exception '% has no primary key', p_table using hint = 'Add: primary key (tenant_id, id)';
  end if;
  perform plimsoll.refuse_shared_keys(p_table, tenant_column);
  -- Not null it is by the primary key.
  execute pg_catalog.format('alter table %s alter column tenant_id set default plimsoll.tenant()', p_table);
  execute pg_catalog.format('alter table %s enable row level security', p_table);
  execute pg_catalog.format('drop policy if exists plimsoll_tenant on %s', p_table);
  execute pg_catalog.format('create policy plimsoll_tenant on %s using (tenant_id = plimsoll.tenant()) with check (tenant_id = plimsoll.tenant())', p_table);
end $$;
comment on function plimsoll.tenant_table is 'Keeps the rows of a table apart by tenant; refuses a table whose keys could connect or tell what belongs to another tenant.';
