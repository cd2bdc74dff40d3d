-- What every module relies on: durable time, and replies kept under their idempotency keys. What else is a function lies in
-- ../functions.

-- Durable time. It is inlined wherever it is called, and so costs nothing; a function that reads an offset from a table costs 90 µs a
-- statement. A setting could be changed by any role that may connect, so the offset is in the function itself, which only its owner can replace.
-- tidy-allow: defaults of columns call it, so it is there before the tables, and part of them
create function plimsoll.now() returns timestamptz
  language sql stable parallel safe
  as $$ select pg_catalog.statement_timestamp() $$;
comment on function plimsoll.now() is 'Durable time: that of the database, with an offset that only the owner can set.';

-- The id stands for tenant, actor, operation and key, so the table needs no tenant of its own; the application reaches it through functions
-- only, which ask for the id, so that no statement of it can list the responses to others.
create table plimsoll.idempotency (
  id uuid primary key,
  input_hash bytea not null,
  outcome text not null,
  body text not null,
  -- Status, Location and ETag, or what a fault said: a replay says the same, also after a deploy.
  head text,
  expires_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0.05);
create index idempotency_expires_at on plimsoll.idempotency (expires_at);

-- Where the deletion of expired records stands. Without it each batch would begin at the oldest index entry, and step over all those that
-- are deleted and, while some old transaction may still see them, cannot be removed.
create table plimsoll.idempotency_sweep (
  only_row boolean primary key default true check (only_row),
  swept_until timestamptz not null default '-infinity'
);
insert into plimsoll.idempotency_sweep default values;
