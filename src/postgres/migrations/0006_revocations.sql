-- Sessions, users and API keys whose credentials are refused though they still verify.
create table plimsoll.revocations (
  kind text not null check (kind in ('session', 'user', 'key')),
  -- Empty for those of all tenants.
  tenant text not null,
  id text not null,
  -- Of a user: what was issued before it is revoked.
  before timestamptz,
  -- From then on no credentials that it concerns are valid any more.
  expires_at timestamptz not null,
  -- The transaction that wrote it last. A process reads what was written by those that had not ended when it read last.
  xid xid8 not null default pg_current_xact_id(),
  primary key (kind, tenant, id)
);
create index revocations_xid on plimsoll.revocations (xid);
create index revocations_expires_at on plimsoll.revocations (expires_at);
