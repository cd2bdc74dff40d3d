create table shipping.shipments (
  order_id uuid primary key,
  customer text not null
);
