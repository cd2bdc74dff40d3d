create table identity.passkeys (
  tenant_id text,
  id uuid,
  user_id uuid not null,
  -- What its user calls it.
  name text not null,
  credential_id text not null,
  public_key text not null,
  counter bigint not null,
  transports text[] not null,
  synced boolean not null,
  created_at timestamptz not null default plimsoll.now(),
  last_used_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, credential_id),
  foreign key (tenant_id, user_id) references identity.users on delete cascade
);
create index passkeys_of_user on identity.passkeys (tenant_id, user_id);
select plimsoll.tenant_table('identity.passkeys');
