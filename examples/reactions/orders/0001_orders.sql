create table orders.orders (
  id uuid primary key,
  customer text not null,
  total_cents integer not null
);
