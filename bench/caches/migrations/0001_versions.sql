create table caches.versions (id integer primary key, version integer not null);
