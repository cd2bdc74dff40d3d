-- Projections that commands keep in their own transactions; docs/decisions/0045-inline-projections.md says why so.
create table plimsoll.inline_projections (
  name text primary key references plimsoll.subscriptions (name) on delete cascade,
  -- Those that its code read when it was declared last.
  events text[] not null,
  -- filling: one process fills the table from the log, as for any other projection; live: each command that emits applies its events; stale: a process whose code does
  -- not know it has emitted since, so that the table is to be made again.
  state text not null check (state in ('filling', 'live', 'stale')),
  -- When a process last emitted an event of it without knowing it.
  unknown_at timestamptz not null default '-infinity'
);

-- Which transaction last changed a row, so that one of an earlier id is refused: all rows follow from the order of all events. Kept for as long as a transaction of an
-- earlier id may run.
create table plimsoll.inline_rows (
  projection text collate "C" not null,
  -- Empty where there is none: a part of the key is never null.
  tenant text not null,
  key text collate "C" not null,
  epoch integer not null,
  xid xid8 not null,
  primary key (projection, tenant, key)
) with (fillfactor = 70);

-- Changes with each projection that goes live. A transaction whose snapshot is of before then reads the row for share, and so is refused.
create table plimsoll.inline_changes (only_row boolean primary key default true check (only_row), changes bigint not null default 0);
insert into plimsoll.inline_changes default values;

-- It takes the time of the events by now.
drop function if exists plimsoll.append_to_streams(
  uuid[], text[], integer[], text[], text[], text[], text[], integer[], text, text, text, text, text, integer);
