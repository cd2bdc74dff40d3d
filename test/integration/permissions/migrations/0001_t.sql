create table t.grants (
  tenant_id text,
  role text,
  permission text,
  primary key (tenant_id, role, permission)
);
select plimsoll.tenant_table('t.grants');
