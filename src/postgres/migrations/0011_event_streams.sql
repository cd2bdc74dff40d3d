-- Streams of events, kept for good, and the projections that are made of events; docs/decisions/0032-streams-beside-the-log.md says why so.
--
-- An event of a stream has its place in the order of all events, as one of the log has, and readers read both. The log drops its days; a stream is the state of
-- what it is about, and stays.
create table plimsoll.stream_events (
  epoch integer not null,
  xid xid8 not null,
  seq bigint not null,
  stream text collate "C" not null,
  stream_id text collate "C" not null,
  -- 1 for the first event of a stream, without gaps.
  stream_version integer not null,
  -- Empty where there is none: a part of the key is never null.
  tenant text not null,
  id uuid not null,
  name text not null,
  version integer not null,
  key text not null,
  actor text,
  trace text,
  causation text,
  correlation text,
  recorded_at timestamptz not null,
  data text not null,
  primary key (stream, stream_id, tenant, stream_version)
);
create index stream_events_order on plimsoll.stream_events (epoch, xid, seq);

-- The state of a stream after one of its events, so that not all of them are read.
create table plimsoll.stream_snapshots (
  stream text collate "C" not null,
  stream_id text collate "C" not null,
  tenant text not null,
  stream_version integer not null,
  -- The version of the code that made the state: of another one, it is not read.
  shape integer not null,
  state text not null,
  primary key (stream, stream_id, tenant)
);

-- All events, in one order.
create view plimsoll.every_event as
select epoch, xid, seq, id, name, version, key, tenant, actor, trace, causation, correlation, recorded_at, data
from plimsoll.events
union all
select epoch, xid, seq, id, name, version, key, nullif(tenant, ''), actor, trace, causation, correlation, recorded_at, data
from plimsoll.stream_events;

-- A projection is a subscription of one partition. While it is rebuilt, a table beside its own is filled from the first event on, up to this position.
create table plimsoll.projection_rebuilds (
  name text primary key references plimsoll.subscriptions (name) on delete cascade,
  epoch integer not null default 0,
  xid xid8 not null default '0',
  seq bigint not null default 0,
  events bigint not null default 0,
  total bigint not null,
  started_at timestamptz not null default plimsoll.now()
);
