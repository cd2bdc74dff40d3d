-- What both sides of a comparison read and write: the same tables, under row-level security by tenant, for a role that does not own them.
create schema bench_hand;
grant usage on schema bench_hand to :app;

create table bench_hand.products (
  tenant_id text not null default nullif(current_setting('plimsoll.tenant', true), ''),
  id uuid not null,
  name text not null,
  price_cents integer not null,
  stock integer not null check (stock >= 0),
  primary key (tenant_id, id)
) with (fillfactor = 50);
alter table bench_hand.products enable row level security;
create policy tenant on bench_hand.products
  using (tenant_id = nullif(current_setting('plimsoll.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('plimsoll.tenant', true), ''));
grant select, insert, update, delete on bench_hand.products to :app;

-- Replies under their keys, as one would keep them by hand.
create table bench_hand.idempotency (
  id uuid primary key,
  input_hash bytea not null,
  outcome text not null,
  body text not null,
  expires_at timestamptz not null
);
create index on bench_hand.idempotency (expires_at);
grant select, insert, update, delete on bench_hand.idempotency to :app;

insert into bench_hand.products (tenant_id, id, name, price_cents, stock)
select tenant, ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Tea number ' || n, 100 + n % 900, 1000000
from unnest(array['tea-shop', 'book-shop']) as tenant, generate_series(0, :products - 1) as n;
analyze bench_hand.products;
