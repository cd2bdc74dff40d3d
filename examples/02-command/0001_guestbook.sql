create table guestbook.entries (
  id uuid primary key,
  name text not null,
  text text not null,
  written_at timestamptz not null default plimsoll.now()
);
