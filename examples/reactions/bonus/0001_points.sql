create table bonus.points (
  customer text primary key,
  points integer not null
);
