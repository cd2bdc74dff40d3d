create table archive.runs (only_row boolean primary key default true check (only_row), count integer not null default 0);
insert into archive.runs default values;
