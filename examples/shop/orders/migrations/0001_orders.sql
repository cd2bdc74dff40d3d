create table orders.orders (
  tenant_id text,
  id uuid,
  customer_id uuid not null,
  status text not null default 'placed' check (status in ('placed', 'cancelled')),
  total_cents bigint not null check (total_cents >= 0),
  placed_at timestamptz not null default plimsoll.now(),
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('orders.orders');

create index orders_of_customer on orders.orders (tenant_id, customer_id, id);

-- What was ordered, as it was called and priced then: the product may change or go.
create table orders.order_lines (
  tenant_id text,
  order_id uuid,
  product_id uuid,
  name text not null,
  quantity integer not null check (quantity > 0),
  unit_cents integer not null check (unit_cents >= 0),
  primary key (tenant_id, order_id, product_id),
  foreign key (tenant_id, order_id) references orders.orders
);
select plimsoll.tenant_table('orders.order_lines');
