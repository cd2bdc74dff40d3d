create table shelves.books (
  id bigint primary key,
  owner_id text not null,
  title text not null,
  status text not null,
  shelf_id bigint not null,
  added_at timestamptz not null
);

create index books_by_owner on shelves.books (owner_id, id);

create index books_lost on shelves.books (id) where status = 'lost';

create table shelves.shelves (id bigint primary key, room text not null);

create table shelves.notes (book_id bigint not null, note text not null);
