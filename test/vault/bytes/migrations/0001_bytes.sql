create table bytes.notes (note text not null);
