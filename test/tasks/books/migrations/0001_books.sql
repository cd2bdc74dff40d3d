-- No unique key on the entry: what is written twice must show.
create table books.entries (
  tenant_id text,
  id uuid,
  name text not null,
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('books.entries');
