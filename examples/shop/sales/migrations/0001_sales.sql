-- Tables of projections: nothing else writes to them.
create table sales.revenue (
  tenant_id text not null default plimsoll.tenant(),
  day_product text not null,
  day date not null,
  product_id uuid not null,
  name text not null,
  quantity bigint not null,
  cents bigint not null,
  primary key (tenant_id, day_product)
);
select plimsoll.tenant_table('sales.revenue');
create index revenue_day on sales.revenue (tenant_id, day, cents desc);

-- One row for each second of the day.
create table sales.seconds (
  tenant_id text not null default plimsoll.tenant(),
  slot text not null,
  second timestamptz not null,
  visits bigint not null,
  orders bigint not null,
  cancellations bigint not null,
  ordered_cents bigint not null,
  primary key (tenant_id, slot)
);
select plimsoll.tenant_table('sales.seconds');
create index seconds_second on sales.seconds (tenant_id, second);
