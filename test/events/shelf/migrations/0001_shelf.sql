create table shelf.books (
  id uuid primary key,
  name text not null
);
create table shelf.seen (
  n bigint generated always as identity primary key,
  event uuid not null,
  key text not null,
  note text not null
);
