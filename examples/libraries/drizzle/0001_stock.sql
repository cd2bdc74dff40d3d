create table stock.items (
  id uuid primary key,
  name text not null,
  quantity integer not null check (quantity >= 0),
  counted_at timestamptz not null default plimsoll.now()
);
