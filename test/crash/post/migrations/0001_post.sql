create table post.letters (
  tenant_id text,
  id uuid,
  name text not null,
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('post.letters');
-- No unique key on the letter: what is sent twice must show.
create table post.sent (
  tenant_id text,
  id uuid,
  name text not null,
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('post.sent');
