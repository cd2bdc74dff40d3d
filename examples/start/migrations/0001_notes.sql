create table notes.notes (
  id uuid primary key,
  author text not null,
  title text not null,
  body text not null,
  written_at timestamptz not null default plimsoll.now(),
  unique (author, title)
);
create index notes_of_author on notes.notes (author, id);
