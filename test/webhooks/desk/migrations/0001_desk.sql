-- Written by a subscription, a saga and a task.
create table desk.notes (
  tenant_id text not null default plimsoll.tenant(),
  id uuid default gen_random_uuid(),
  by text not null,
  invoice text not null,
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('desk.notes');
create table desk.totals (
  tenant_id text not null default plimsoll.tenant(),
  invoice text not null,
  cents integer not null,
  primary key (tenant_id, invoice)
);
select plimsoll.tenant_table('desk.totals');
