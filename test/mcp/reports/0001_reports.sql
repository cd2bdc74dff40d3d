create table reports.reports (
  id uuid primary key,
  owner_id text not null,
  status text not null default 'working',
  pages integer
);
