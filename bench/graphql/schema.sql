-- 50 orders of one tenant, each with a customer of its own, beside those of another tenant.
create table bench_hand.customers (
  tenant_id text not null default nullif(current_setting('plimsoll.tenant', true), ''),
  id uuid not null,
  name text not null,
  city text not null,
  primary key (tenant_id, id)
);
create table bench_hand.orders (
  tenant_id text not null default nullif(current_setting('plimsoll.tenant', true), ''),
  id uuid not null,
  customer_id uuid not null,
  total_cents integer not null,
  status text not null,
  primary key (tenant_id, id)
);
alter table bench_hand.customers enable row level security;
alter table bench_hand.orders enable row level security;
create policy tenant on bench_hand.customers using (tenant_id = nullif(current_setting('plimsoll.tenant', true), ''));
create policy tenant on bench_hand.orders using (tenant_id = nullif(current_setting('plimsoll.tenant', true), ''));
grant select on bench_hand.customers, bench_hand.orders to :app;

insert into bench_hand.customers (tenant_id, id, name, city)
select tenant, ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Customer number ' || n, case when n % 2 = 0 then 'Lübeck' else 'Xiamen' end
from unnest(array['tea-shop', 'book-shop']) as tenant, generate_series(1, 50) as n;
insert into bench_hand.orders (tenant_id, id, customer_id, total_cents, status)
select tenant_id, ('00000000-0000-4000-9000-' || right(id::text, 12))::uuid, id, 1000 + right(id::text, 6)::integer, case when right(id::text, 1) in ('1', '3') then 'paid' else 'placed' end
from bench_hand.customers;
analyze bench_hand.customers, bench_hand.orders;
