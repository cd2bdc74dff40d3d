create table trips.entries (n bigint generated always as identity primary key, name text not null);
