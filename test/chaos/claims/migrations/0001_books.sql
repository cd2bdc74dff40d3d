create table books.written (n int generated always as identity, name text not null);
