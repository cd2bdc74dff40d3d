create table ledger.accounts (
  tenant_id text not null,
  id int not null,
  opening bigint not null,
  balance bigint not null check (balance >= 0),
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('ledger.accounts');

-- One row for each execution that took effect. The key stands beside it without being unique: what is done twice must show.
create table ledger.transfers (
  tenant_id text not null,
  id uuid not null,
  key text not null,
  amount int not null,
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('ledger.transfers');

create table ledger.entries (
  tenant_id text not null,
  id uuid not null,
  transfer_id uuid not null,
  account_id int not null,
  amount int not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, transfer_id) references ledger.transfers (tenant_id, id),
  foreign key (tenant_id, account_id) references ledger.accounts (tenant_id, id)
);
select plimsoll.tenant_table('ledger.entries');

insert into ledger.accounts (tenant_id, id, opening, balance) select 'acme', id, 2000, 2000 from generate_series(1, 20) id;

-- What a task adds to each transfer. No unique key on the transfer: what is done twice must show.
create table ledger.stamps (
  tenant_id text,
  id uuid,
  transfer_id uuid not null,
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('ledger.stamps');
