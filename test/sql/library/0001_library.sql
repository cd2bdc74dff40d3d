create table library.books (
  tenant_id text not null default plimsoll.tenant(),
  id uuid not null,
  title text not null,
  price_cents int not null,
  tags text[] not null,
  note jsonb,
  added_at timestamptz not null,
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('library.books');
