create table shipping.shipped (
  id bigint generated always as identity primary key,
  customer text not null,
  n integer not null,
  note text not null
);
