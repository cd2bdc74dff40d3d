create table billing.refunds (
  invoice text primary key,
  cents integer not null,
  iban text not null
);
