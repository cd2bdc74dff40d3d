create table tickets.tickets (
  tenant_id text,
  id uuid,
  seat text not null,
  paid boolean not null default false,
  primary key (tenant_id, id),
  unique (tenant_id, seat)
);
select plimsoll.tenant_table('tickets.tickets');
