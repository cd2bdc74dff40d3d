create table wallet.accounts (
  tenant_id text not null,
  id text not null,
  iban text not null,
  card text not null,
  shown text not null,
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('wallet.accounts');
create table wallet.seen (
  n bigint generated always as identity primary key,
  email text,
  note text
);
