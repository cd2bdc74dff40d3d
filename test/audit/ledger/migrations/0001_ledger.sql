create table ledger.accounts (
  tenant_id text not null,
  id text not null,
  holder text not null,
  pin text not null,
  cents integer not null check (cents >= 0),
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('ledger.accounts');
