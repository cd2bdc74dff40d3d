-- Rates that processes share. Without a log of changes: after a crash of the server the table is empty, and rates begin again.
create unlogged table plimsoll.rates (
  -- A hash of app, rate and key: keys have any text.
  place text primary key,
  -- When the bucket is full again, in milliseconds since the Unix epoch; null for a key that is new.
  full_at double precision,
  -- By member: its demand a second, and when it renewed last.
  members jsonb not null default '{}',
  -- After it the row says nothing that a new one would not say.
  expires_at double precision not null default 0
);
