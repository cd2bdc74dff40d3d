-- The audit trail; docs/decisions/0033-an-audit-trail-that-is-chained-after.md says why so. The application's role only inserts, by functions.
create table plimsoll.audit_records (
  id uuid primary key,
  -- Empty for what has no tenant.
  tenant text not null,
  -- By the clock of the process that recorded it.
  at_ms bigint not null,
  operation text not null,
  -- What it is about.
  subject text,
  actor text,
  actor_kind text not null,
  address text,
  request text not null,
  trace text not null,
  outcome text not null,
  fault text,
  -- JSON, as text: it is hashed as it was written.
  input text,
  before text,
  after text,
  -- Which key made the hash, and the hash of all of the above.
  key text not null,
  hash text not null
);
create index audit_records_time on plimsoll.audit_records (tenant, at_ms);
create index audit_records_subject on plimsoll.audit_records (tenant, subject, at_ms);

-- Records that are not chained yet.
create table plimsoll.audit_pending (
  id uuid primary key,
  seq bigint generated always as identity unique,
  written_at timestamptz not null default plimsoll.now()
);

-- The chain of each tenant: each link has the hash of the link before it, and its own over that and its record.
create table plimsoll.audit_links (
  tenant text not null,
  n bigint not null,
  id uuid not null unique,
  -- By the clock of the database.
  linked_ms bigint not null,
  previous text not null,
  key text not null,
  hash text not null,
  primary key (tenant, n)
);

-- Spans whose records were deleted because they are old: the chain continues behind the last link of a span.
create table plimsoll.audit_spans (
  tenant text not null,
  from_n bigint not null,
  to_n bigint not null,
  first_ms bigint not null,
  last_ms bigint not null,
  sealed_ms bigint not null,
  -- The hash of its last link.
  link text not null,
  key text not null,
  hash text not null,
  primary key (tenant, to_n)
);

-- How old a record must be at least before it may be sealed and deleted, whatever an application asks for. Only the owner changes it.
create table plimsoll.audit_rules (
  only_row boolean primary key default true check (only_row),
  keep interval not null default '365 days'
);
insert into plimsoll.audit_rules default values;
