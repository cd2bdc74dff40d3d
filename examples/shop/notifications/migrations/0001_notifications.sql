-- Who was sent a receipt, and when: one for each order.
create table notifications.receipts (
  tenant_id text,
  order_id uuid,
  email text not null,
  sent_at timestamptz not null default plimsoll.now(),
  primary key (tenant_id, order_id)
);
select plimsoll.tenant_table('notifications.receipts');
