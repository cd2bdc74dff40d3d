create table charity.donations (
  id uuid primary key,
  donor text not null,
  cents integer not null check (cents > 0)
);
