create table sales.orders (id uuid primary key, charge text not null, paid_at timestamptz not null default plimsoll.now());
