-- What processes learnt of the quotas of upstreams. Without a log of changes: after a crash of the server the table is empty, and each process says again what it knows.
create unlogged table plimsoll.quotas (
  -- A hash of app, owner and key: keys have any text.
  place text primary key,
  -- Calls in one window, and its length in milliseconds; null where it was not said.
  quota double precision,
  window_ms double precision,
  -- Calls that are left until reset_at, which is in milliseconds since the Unix epoch; both null where that is not known.
  remaining double precision,
  reset_at double precision,
  -- No call before it.
  blocked_until double precision not null default 0,
  -- After it the row says nothing that a new one would not say.
  expires_at double precision not null default 0
);
