create table purse.sums (
  tenant_id text not null default plimsoll.tenant(),
  coin text not null,
  coins integer not null,
  primary key (tenant_id, coin)
);
select plimsoll.tenant_table('purse.sums');
