-- Up to where retention has taken events of a name out of the log: a replay from before then would leave them out without a word.
create table plimsoll.event_cuts (
  name text primary key,
  epoch integer not null,
  xid xid8 not null,
  seq bigint not null,
  recorded_at timestamptz not null
);

-- Who had a subscription handle events again, why, and from which event on.
create table plimsoll.subscription_replays (
  id bigint generated always as identity primary key,
  subscription text not null references plimsoll.subscriptions (name) on delete cascade,
  replayed_at timestamptz not null default plimsoll.now(),
  actor text,
  reason text not null,
  epoch integer not null,
  xid xid8 not null,
  seq bigint not null
);
create index subscription_replays_of on plimsoll.subscription_replays (subscription, id);

-- It takes more by now, and returns what it found.
drop function if exists plimsoll.replay_subscription(text, timestamptz);
