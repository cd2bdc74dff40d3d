create table w.writes (seq bigserial primary key, token bigint not null, by text not null);
