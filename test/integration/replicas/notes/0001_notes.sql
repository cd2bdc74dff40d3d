create table notes.notes (text text primary key);
