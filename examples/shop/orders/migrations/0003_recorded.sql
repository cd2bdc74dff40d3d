-- Which orders were recorded for a checkout, and which are withdrawn: one that is withdrawn first is not recorded any more. The row is what both wait for.
create table orders.recorded (
  tenant_id text,
  order_id uuid,
  is_withdrawn boolean not null default false,
  primary key (tenant_id, order_id)
);
select plimsoll.tenant_table('orders.recorded');
insert into orders.recorded (tenant_id, order_id) select tenant_id, id from orders.orders where status = 'paid';
