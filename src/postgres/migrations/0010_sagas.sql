-- Sagas: durable functions whose named steps are recorded; docs/decisions/0031-sagas-are-replayed-by-names.md says why so.
create table plimsoll.sagas (
  id uuid primary key,
  name text not null,
  -- The version of the code that it was started with: no other version of the code runs it.
  version integer not null,
  -- ready, sleeping, waiting, retryable, suspended (a person decides), completed, undone, failed.
  state text not null default 'ready',
  -- Whether its steps are being undone, or were when it was suspended.
  undoing boolean not null default false,
  -- The token of the worker that has it.
  lease bigint,
  -- When a worker takes it next. Null: none does, because it has ended or a person decides. Milliseconds since the epoch, durable time.
  due bigint,
  deadline bigint not null,
  started bigint not null,
  ended bigint,
  -- How often it continued as new.
  generation integer not null default 1,
  rescues smallint not null default 0,
  input text not null,
  context text,
  output text,
  -- Why it is undone or failed, and why it is suspended, each as JSON.
  fault text,
  stopped text,
  -- Stands for saga, tenant and the caller's word, for as long as the row is kept.
  key uuid,
  input_hash uuid,
  -- Something that it may wait for has come since its run began: it is due again when that run ends.
  wakes boolean not null default false,
  -- The digest of the code that it was started with, and the oldest transaction that was under way then: it waits for events from there on.
  code text,
  epoch integer not null,
  xid xid8 not null
) with (fillfactor = 80);
create unique index sagas_key on plimsoll.sagas (key) where key is not null;
create index sagas_due on plimsoll.sagas (name, version, due) where lease is null and due is not null;
create index sagas_lease on plimsoll.sagas (lease) where lease is not null;
create index sagas_ended on plimsoll.sagas (ended) where ended is not null;
create index sagas_suspended on plimsoll.sagas (id) where state = 'suspended';

-- The journal. A step is known by its name.
create table plimsoll.saga_steps (
  saga uuid not null,
  name text not null,
  -- The order in which they were recorded.
  seq bigint generated always as identity,
  -- step, call, sleep, event, signal, child.
  kind text not null,
  -- done, failed, retryable, waiting, undone, undo_retryable.
  state text not null,
  attempt smallint not null default 0,
  -- Until when it waits.
  due bigint,
  -- Whether it declares how it is undone.
  undoable boolean not null default false,
  output text,
  fault text,
  -- What it waits for: the name of an event or a signal, or the id of a saga; and of an event, what its data must contain.
  awaited text,
  matches jsonb,
  at bigint not null,
  primary key (saga, name)
);

create index saga_steps_awaited on plimsoll.saga_steps (awaited) where state = 'waiting' and awaited is not null;

-- Signals that no step has taken yet.
create table plimsoll.saga_signals (
  saga uuid not null,
  seq bigint generated always as identity,
  name text not null,
  key text,
  payload text not null,
  at bigint not null,
  primary key (saga, seq)
);
create unique index saga_signals_key on plimsoll.saga_signals (saga, name, key) where key is not null;

-- How far the log of events was searched for what sagas wait for.
create table plimsoll.saga_event_position (
  only_row boolean primary key default true check (only_row),
  epoch integer not null default 0,
  xid xid8 not null default '0',
  seq bigint not null default 0
);
insert into plimsoll.saga_event_position default values;

-- What the code of each version says of the names of its steps, by its digest: what is under way is compared with it.
create table plimsoll.saga_code (
  name text not null,
  version integer not null,
  digest text not null,
  names text[] not null,
  seen timestamptz not null default plimsoll.now(),
  primary key (name, version, digest)
);

create table plimsoll.saga_workers (
  token bigint generated always as identity primary key,
  name text not null,
  expires_at timestamptz not null
);

-- What people decided about suspended sagas.
create table plimsoll.saga_decisions (
  saga uuid not null,
  seq bigint generated always as identity,
  decision text not null,
  step text,
  reason text not null,
  at bigint not null,
  primary key (saga, seq)
);
