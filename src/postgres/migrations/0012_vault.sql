-- The keys of the vault; docs/decisions/0034-one-hierarchy-of-keys.md says why so. No key is here in clear.
--
-- Root keys, each wrapped by the key of a provider outside of the database.
create table plimsoll.vault_roots (
  generation integer primary key,
  -- Which key of the provider wrapped it.
  provider text not null,
  wrapped text not null,
  made_at timestamptz not null default plimsoll.now()
);

-- Keys that seal values, each wrapped by a root key: of a tenant, whose subject is empty, or of one person. Without its key, what it sealed is erased.
create table plimsoll.vault_keys (
  id uuid primary key,
  -- Empty for what has no tenant.
  tenant text not null,
  subject text not null,
  root integer not null references plimsoll.vault_roots (generation),
  wrapped text not null,
  -- Whether it seals new values.
  is_current boolean not null,
  made_at timestamptz not null default plimsoll.now()
);
create unique index vault_keys_current on plimsoll.vault_keys (tenant, subject) where is_current;
create index vault_keys_owner on plimsoll.vault_keys (tenant, subject);
create index vault_keys_root on plimsoll.vault_keys (root);

-- Sealed values, for which a token stands elsewhere.
create table plimsoll.vault_tokens (
  tenant text not null,
  token text not null,
  field text not null,
  sealed text not null,
  key uuid not null,
  display text not null,
  made_at timestamptz not null default plimsoll.now(),
  primary key (tenant, token)
);
create index vault_tokens_key on plimsoll.vault_tokens (key);
