-- What subscriptions received from brokers; docs/decisions/0044-an-inbox-in-the-log.md says why so.
--
-- How far a subscription has received each shard of its broker: everything up to the position is in the log, or is a dead letter. Where the broker itself keeps that
-- the position is null.
create table plimsoll.inboxes (
  subscription text not null,
  shard text not null,
  position text,
  received_at timestamptz not null default plimsoll.now(),
  primary key (subscription, shard)
);

-- The messages that were received lately, by an id that is made of the subscription, the source and the id of the message.
create table plimsoll.inbox_messages (
  id uuid primary key,
  received_at timestamptz not null default plimsoll.now()
);
create index inbox_messages_received on plimsoll.inbox_messages (received_at);

-- Messages that no subscription can handle, as they came.
create table plimsoll.inbox_dead_letters (
  id uuid primary key,
  subscription text not null,
  shard text not null,
  place text not null,
  died timestamptz not null default plimsoll.now(),
  reason text not null,
  headers text not null,
  body bytea not null
);
create index inbox_dead_letters_died on plimsoll.inbox_dead_letters (died);
create index inbox_dead_letters_of on plimsoll.inbox_dead_letters (subscription, died);
