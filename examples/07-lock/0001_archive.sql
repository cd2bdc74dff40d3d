create table archive.runs (token bigint primary key);
