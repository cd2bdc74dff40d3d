create table bank.balances (
  account text primary key,
  total_cents bigint not null
);
