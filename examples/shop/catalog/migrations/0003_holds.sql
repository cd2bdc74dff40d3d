-- What was taken from the shelf for a sale that is not sure yet. The row is there before the stock is taken, so of two attempts the second finds the first.
create table catalog.holds (
  tenant_id text,
  id uuid,
  -- Null of one that was released before it took anything: a late attempt to take it is refused.
  lines jsonb,
  total_cents bigint not null default 0 check (total_cents >= 0),
  is_released boolean not null default false,
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('catalog.holds');
