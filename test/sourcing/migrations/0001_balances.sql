create table bank.balances (
  tenant_id text not null default plimsoll.tenant(),
  account text not null,
  owner text not null,
  total_cents bigint not null check (total_cents < 1000000),
  changed_at timestamptz not null,
  primary key (tenant_id, account)
);
select plimsoll.tenant_table('bank.balances');
create table bank.owners (owner text primary key, accounts integer not null);
