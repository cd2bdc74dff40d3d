-- Tokens that are good once, as for a reset of a password, by their hash: what is stored here opens nothing.
create table plimsoll.one_time_tokens (
  -- SHA-256 of the token.
  token_hash bytea primary key,
  -- What it is good for, and for whom.
  purpose text not null,
  tenant_id text,
  subject text not null,
  data jsonb not null,
  issued_at timestamptz not null,
  expires_at timestamptz not null
);
create index one_time_tokens_subject on plimsoll.one_time_tokens (subject, purpose, tenant_id, issued_at);
create index one_time_tokens_expiry on plimsoll.one_time_tokens (expires_at);
