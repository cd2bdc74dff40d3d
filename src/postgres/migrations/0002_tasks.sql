-- Durable tasks. Rows are inserted, leased to a worker, and deleted when they are done; docs/decisions/0011-how-tasks-are-stored.md says why so.
--
-- The table is cut into partitions that are filled one after the other. A partition that has been emptied is truncated, which gives its space back whatever
-- old transaction is still open: vacuum could not. What waits for a later time lies apart, so that it keeps no partition from being emptied.
create table plimsoll.tasks (
  partition smallint not null,
  id uuid not null,
  name text not null,
  queue text not null,
  -- The fairness keys of a queue are served in turn, in the order of their bytes, which workers know whatever the collation of the database is.
  fairness_key text collate "C" not null,
  -- Its position within its fairness key: when it became due, a minute earlier for each step of priority. Milliseconds since the epoch, durable time.
  rank bigint not null,
  priority smallint not null default 0,
  -- When it first became due.
  born bigint not null,
  -- The token of the worker that has it.
  lease bigint,
  attempt smallint not null default 0,
  -- How often a worker was lost while it had it, and how often of these its session was gone. See rescue_tasks for what is counted.
  rescues smallint not null default 0,
  ends smallint not null default 0,
  -- Whether it counts towards a limit of its fairness key while it is leased.
  capped boolean not null default false,
  key uuid,
  input text not null,
  context text
) partition by list (partition);
create table plimsoll.tasks_0 partition of plimsoll.tasks for values in (0);
create table plimsoll.tasks_1 partition of plimsoll.tasks for values in (1);
create table plimsoll.tasks_2 partition of plimsoll.tasks for values in (2);
create table plimsoll.tasks_3 partition of plimsoll.tasks for values in (3);
-- The only index that every task is written to, once: a lease takes it out, and a completion finds its row by its place.
create index on plimsoll.tasks (queue, fairness_key, rank) where lease is null;
create index on plimsoll.tasks (queue, fairness_key) where lease is not null and capped;

create table plimsoll.task_partitions (
  only_row boolean primary key default true check (only_row),
  current smallint not null default 0,
  -- A session holds a lock on a partition for long: until then no worker tries to empty one.
  empty_after timestamptz not null default '-infinity',
  -- Since when a session has kept an emptied partition from being truncated.
  held_since timestamptz
);
insert into plimsoll.task_partitions default values;

create table plimsoll.task_later (
  id uuid primary key,
  due bigint not null,
  name text not null,
  queue text not null,
  fairness_key text not null,
  priority smallint not null default 0,
  born bigint not null,
  attempt smallint not null,
  rescues smallint not null,
  capped boolean not null,
  key uuid,
  input text not null,
  context text
);
create index task_later_due on plimsoll.task_later (due);

create table plimsoll.task_dead_letters (
  id uuid primary key,
  died bigint not null,
  name text not null,
  queue text not null,
  fairness_key text not null,
  priority smallint not null default 0,
  born bigint not null,
  attempt smallint not null,
  rescues smallint not null,
  capped boolean not null,
  key uuid,
  input text not null,
  context text,
  code text not null,
  reason text not null,
  -- What its key was when it was released: a requeued task takes the key again, or stays here while another task has it.
  key_hash uuid,
  key_expires bigint
);
create index task_dead_letters_by_time on plimsoll.task_dead_letters (died);
create index task_dead_letters_by_name on plimsoll.task_dead_letters (name, died);

-- What is kept of completed tasks, if the task asks for it.
create table plimsoll.task_done (
  id uuid not null,
  done bigint not null,
  name text not null,
  born bigint not null,
  attempt smallint not null
);
create index task_done_by_time on plimsoll.task_done (done);

-- A key stands for task, tenant and the caller's word; null in expires means for as long as the task is not done.
create table plimsoll.task_keys (
  id uuid primary key,
  task uuid not null,
  input_hash uuid not null,
  expires bigint
);
create index task_keys_expires on plimsoll.task_keys (expires);

create table plimsoll.task_workers (
  token bigint generated always as identity primary key,
  name text not null,
  expires_at timestamptz not null,
  -- By the clock of the server, which plimsoll.now() may be ahead of.
  renewed_at timestamptz not null default pg_catalog.clock_timestamp(),
  -- The tasks that its code knows, and the queues that it serves. Others are not leased to it. Null: all.
  names text[],
  serves text[],
  -- The suspects that it has begun, and whether the only one of them has no other task beside it.
  suspects uuid[] not null default '{}',
  alone boolean not null default false,
  -- A task that is started alone while a worker has nothing to do is leased to that worker as it is written, and handed over with the notification:
  -- the worker need not come and claim it. queues: those of which it takes tasks so. channel: on which its session is notified of them; while that session
  -- lives it holds an advisory lock of the channel's name, so that nothing is handed to a process that has just ended.
  queues text[] not null default '{}',
  channel text not null default ''
);

create table plimsoll.task_queues (
  queue text primary key,
  paused boolean not null default false,
  tokens double precision not null default 0,
  refilled_at timestamptz not null default plimsoll.now()
);

create type plimsoll.claimed_task as (
  partition smallint, place tid, id uuid, name text, fairness_key text, rank bigint, attempt smallint, rescues smallint, input text, context text, lag bigint
);

-- How far a claim has come in its walk through the fairness keys of a queue: those of this turn with the rank of the first task of each, the last one that
-- it saw, whether it has gone on from the first, and whether it has seen all.
create type plimsoll.fairness_walk as (keys text[], ranks bigint[], key_at text, is_second boolean, is_over boolean);
