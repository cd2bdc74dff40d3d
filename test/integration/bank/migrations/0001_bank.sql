create table bank.accounts (
  tenant_id text not null,
  id int not null,
  owner text not null,
  balance int not null check (balance >= 0),
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('bank.accounts');
create table bank.entries (
  tenant_id text not null,
  id uuid not null,
  account_id int not null,
  amount int not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, account_id) references bank.accounts (tenant_id, id)
);
select plimsoll.tenant_table('bank.entries');
