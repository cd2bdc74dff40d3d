create table clinic.names (
  tenant_id text not null,
  chart text not null,
  names text not null,
  visits integer not null,
  primary key (tenant_id, chart)
);
select plimsoll.tenant_table('clinic.names');
create table clinic.names_inline (
  tenant_id text not null,
  chart text not null,
  names text not null,
  visits integer not null,
  primary key (tenant_id, chart)
);
select plimsoll.tenant_table('clinic.names_inline');
