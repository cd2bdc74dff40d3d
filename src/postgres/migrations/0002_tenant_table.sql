-- Puts a table under row-level security by tenant. Demands what row-level security alone does not give: foreign keys bypass it, and unique
-- constraints see every tenant's rows, so each must contain tenant_id. The owner is not bound by the policy: migrations and security-definer
-- functions (full-text search) run as the owner and write the tenant clause themselves; the application never runs as the owner.
create function plimsoll.tenant_table(p_table regclass) returns void
  language plpgsql volatile set search_path = ''
  as $$
declare
  tenant_column smallint;
  bad record;
begin
  select a.attnum into tenant_column from pg_catalog.pg_attribute a
  where a.attrelid = p_table and a.attname = 'tenant_id' and a.atttypid = 'text'::pg_catalog.regtype and not a.attisdropped;
  if tenant_column is null then
    raise exception '% has no column tenant_id of type text', p_table using hint = 'Add: tenant_id text not null default plimsoll.tenant()';
  end if;
  if not exists (select from pg_catalog.pg_constraint c where c.conrelid = p_table and c.contype = 'p') then
    raise exception '% has no primary key', p_table using hint = 'Add: primary key (tenant_id, id)';
  end if;
  for bad in
    select c.conname, c.contype from pg_catalog.pg_constraint c
    where c.conrelid = p_table and c.contype in ('p', 'u', 'x') and not tenant_column = any (c.conkey)
    order by c.contype, c.conname
  loop
    raise exception 'the % "%" of % does not contain tenant_id',
      case bad.contype when 'p' then 'primary key' when 'x' then 'exclusion constraint' else 'unique constraint' end, bad.conname, p_table
      using hint = 'Add tenant_id to it, so that it cannot tell one tenant what another has.';
  end loop;
  -- What INCLUDE adds stands behind the key columns and makes nothing unique.
  for bad in
    select i.relname from pg_catalog.pg_index x join pg_catalog.pg_class i on i.oid = x.indexrelid
    where x.indrelid = p_table and x.indisunique
      and not exists (select from pg_catalog.generate_series(0, x.indnkeyatts - 1) k where x.indkey[k] = tenant_column)
  loop
    raise exception 'the unique index "%" of % does not contain tenant_id', bad.relname, p_table
      using hint = 'Add tenant_id to it, so that it cannot tell one tenant what another has.';
  end loop;
  -- A table without tenant_id is shared by all tenants, and so may be referred to by any.
  for bad in
    select c.conname, c.confrelid::pg_catalog.regclass as target from pg_catalog.pg_constraint c
    join pg_catalog.pg_attribute t on t.attrelid = c.confrelid and t.attname = 'tenant_id' and not t.attisdropped
    where c.conrelid = p_table and c.contype = 'f'
      and not exists (select from pg_catalog.generate_subscripts(c.conkey, 1) k where c.conkey[k] = tenant_column and c.confkey[k] = t.attnum)
  loop
    raise exception 'the foreign key "%" of % does not join tenant_id to the tenant_id of %', bad.conname, p_table, bad.target
      using hint = pg_catalog.format('Write: foreign key (tenant_id, …) references %s (tenant_id, …), so that it cannot lead to another tenant''s row.', bad.target);
  end loop;
  -- Not null it is by the primary key.
  execute pg_catalog.format('alter table %s alter column tenant_id set default plimsoll.tenant()', p_table);
  execute pg_catalog.format('alter table %s enable row level security', p_table);
  execute pg_catalog.format('drop policy if exists plimsoll_tenant on %s', p_table);
  execute pg_catalog.format('create policy plimsoll_tenant on %s using (tenant_id = plimsoll.tenant()) with check (tenant_id = plimsoll.tenant())', p_table);
end $$;
comment on function plimsoll.tenant_table(regclass) is 'Keeps the rows of a table apart by tenant; refuses a table whose keys could connect or tell what belongs to another tenant.';
