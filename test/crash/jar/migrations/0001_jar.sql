create table jar.coins (
  tenant_id text,
  id uuid,
  coin text not null,
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('jar.coins');
