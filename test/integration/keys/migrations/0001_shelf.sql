create table shelf.items (
  id uuid primary key,
  name text not null,
  made text not null default ''
);
