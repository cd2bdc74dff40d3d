-- The messages of webhooks that became events: another delivery of one becomes none.
create table plimsoll.webhook_messages (
  -- The webhook and the sender's id of the message, or hashes of them.
  key text collate "C" primary key,
  -- Of the data of the event: another message under the same id is refused.
  hash text not null,
  expires_at timestamptz not null
);
create index webhook_messages_expires_at on plimsoll.webhook_messages (expires_at);
