-- Sessions of callers who signed in, by the hash of their token: what is stored here opens nothing.
create table plimsoll.sessions (
  id uuid primary key,
  -- SHA-256 of the token.
  token_hash bytea not null unique,
  -- Of the token before it. It is valid until the new one was used, and half a minute longer: requests with it may be on their way.
  previous_hash bytea unique,
  -- Null while the new one was not used.
  previous_until timestamptz,
  actor_id text not null,
  tenant_id text,
  roles text[] not null,
  claims jsonb not null,
  started_at timestamptz not null,
  rotated_at timestamptz not null,
  idle interval not null,
  ends_at timestamptz not null,
  -- The earlier of the two ends: that of a session which is not used, and `ends_at`.
  expires_at timestamptz not null
);
create index sessions_actor on plimsoll.sessions (actor_id, tenant_id, started_at);
create index sessions_expiry on plimsoll.sessions (expires_at);
