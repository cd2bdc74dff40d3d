-- Refuses a table of tenants with a key that does not contain tenant_id. Called by tenant_table.
create or replace function plimsoll.refuse_shared_keys(p_table regclass, p_tenant_column smallint) returns void
  language plpgsql volatile set search_path = ''
  as $$
declare
  bad record;
begin
  for bad in
    select c.conname, c.contype from pg_catalog.pg_constraint c
    where c.conrelid = p_table and c.contype in ('p', 'u', 'x') and not p_tenant_column = any (c.conkey)
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
      and not exists (select from pg_catalog.generate_series(0, x.indnkeyatts - 1) k where x.indkey[k] = p_tenant_column)
  loop
    raise exception 'the unique index "%" of % does not contain tenant_id', bad.relname, p_table
      using hint = 'Add tenant_id to it, so that it cannot tell one tenant what another has.';
  end loop;
  -- A table without tenant_id is shared by all tenants, and so may be referred to by any.
  for bad in
    select c.conname, c.confrelid::pg_catalog.regclass as target from pg_catalog.pg_constraint c
    join pg_catalog.pg_attribute t on t.attrelid = c.confrelid and t.attname = 'tenant_id' and not t.attisdropped
    where c.conrelid = p_table and c.contype = 'f'
      and not exists (select from pg_catalog.generate_subscripts(c.conkey, 1) k where c.conkey[k] = p_tenant_column and c.confkey[k] = t.attnum)
  loop
    raise exception 'the foreign key "%" of % does not join tenant_id to the tenant_id of %', bad.conname, p_table, bad.target
      using hint = pg_catalog.format('Write: foreign key (tenant_id, …) references %s (tenant_id, …), so that it cannot lead to another tenant''s row.', bad.target);
  end loop;
end $$;
