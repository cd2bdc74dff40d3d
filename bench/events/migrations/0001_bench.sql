create table bench.sums (stream text primary key, sum integer not null);
create table bench.stream_sums (stream text primary key, sum integer not null);
