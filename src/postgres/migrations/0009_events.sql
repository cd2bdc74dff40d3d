-- The log of events, and the subscriptions that read it; docs/decisions/0028-a-log-of-events.md says why so.
--
-- Readers order by (epoch, xid, seq) and read only what lies below the oldest transaction under way, so that none skips an event that commits late: a transaction
-- that commits later has a higher transaction id than all that is read. A sequence alone would not do, because a lower value may be committed after a higher one.
create table plimsoll.events (
  epoch integer not null,
  xid xid8 not null,
  seq bigint not null,
  id uuid not null,
  name text not null,
  version integer not null,
  key text not null,
  tenant text,
  actor text,
  trace text,
  -- The request, task or event whose execution emitted it, and the request that all of it began with.
  causation text,
  correlation text,
  recorded_at timestamptz not null,
  data text not null
) partition by range (recorded_at);
create index events_order on plimsoll.events (epoch, xid, seq);
-- What no partition of a day takes.
create table plimsoll.events_rest partition of plimsoll.events default;

create sequence plimsoll.event_seq;

-- The order of a transaction's id is that of its cluster, and of it only while the ids rise. The epoch rises where either is not so any more.
create table plimsoll.event_epoch (
  only_row boolean primary key default true check (only_row),
  epoch integer not null default 1,
  -- The system identifier and the timeline of the cluster that the epoch belongs to.
  cluster text,
  -- Every transaction that appends from now on has at least this id. Workers raise it.
  floor xid8 not null default '0'
);
insert into plimsoll.event_epoch default values;

create table plimsoll.subscriptions (
  name text primary key,
  partitions smallint not null,
  paused boolean not null default false,
  -- When a process last declared it.
  seen timestamptz not null default plimsoll.now()
);

-- A subscription is cut into partitions by the hash of tenant and key, which its readers compute. Everything up to the position is done, or set aside.
create table plimsoll.subscription_partitions (
  subscription text not null references plimsoll.subscriptions (name) on delete cascade,
  partition smallint not null,
  epoch integer not null,
  xid xid8 not null,
  seq bigint not null,
  -- The token of the worker that has it.
  owner bigint,
  -- Rises with each lease, so that the writes of an earlier owner are refused.
  fence bigint not null default 0,
  primary key (subscription, partition)
) with (fillfactor = 50);

create table plimsoll.event_workers (
  token bigint generated always as identity primary key,
  name text not null,
  expires_at timestamptz not null,
  -- The subscriptions that its code declares.
  serves text[] not null
);

-- Events that failed, and those of the same key behind them, each with a copy, so that the log need not keep them. The first of a key has a time at which it is
-- due, which is infinity where a person has to act; those behind it have none.
create table plimsoll.parked_events (
  subscription text not null references plimsoll.subscriptions (name) on delete cascade,
  partition smallint not null,
  order_key text collate "C" not null,
  epoch integer not null,
  xid xid8 not null,
  seq bigint not null,
  due timestamptz,
  attempt smallint not null,
  code text,
  reason text,
  parked_at timestamptz not null default plimsoll.now(),
  id uuid not null,
  name text not null,
  version integer not null,
  key text not null,
  tenant text,
  actor text,
  trace text,
  causation text,
  correlation text,
  recorded_at timestamptz not null,
  data text not null,
  primary key (subscription, partition, order_key, epoch, xid, seq)
);
create index parked_events_due on plimsoll.parked_events (subscription, partition, due) where due is not null;
create index parked_events_id on plimsoll.parked_events (subscription, id);

create table plimsoll.event_dead_letters (
  subscription text not null references plimsoll.subscriptions (name) on delete cascade,
  partition smallint not null,
  order_key text collate "C" not null,
  epoch integer not null,
  xid xid8 not null,
  seq bigint not null,
  died timestamptz not null default plimsoll.now(),
  attempt smallint not null,
  code text,
  reason text,
  id uuid not null,
  name text not null,
  version integer not null,
  key text not null,
  tenant text,
  actor text,
  trace text,
  causation text,
  correlation text,
  recorded_at timestamptz not null,
  data text not null,
  primary key (subscription, id)
);
create index event_dead_letters_died on plimsoll.event_dead_letters (died);

create type plimsoll.event_position as (epoch integer, xid xid8, seq bigint);

-- The first days; upkeep makes those that follow.
do $$
declare
  today date := (plimsoll.now() at time zone 'UTC')::date;
begin
  for day in 0..2 loop
    execute format('create table plimsoll.%I partition of plimsoll.events for values from (%L) to (%L)', 'events_' || to_char(today + day, 'YYYYMMDD'),
      (today + day)::timestamp at time zone 'UTC', (today + day + 1)::timestamp at time zone 'UTC');
  end loop;
end $$;
