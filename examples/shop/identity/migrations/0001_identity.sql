create table identity.tenants (
  tenant_id text primary key,
  name text not null,
  founded_at timestamptz not null default plimsoll.now()
);
select plimsoll.tenant_table('identity.tenants');

create table identity.users (
  tenant_id text references identity.tenants,
  id uuid,
  email text not null,
  name text not null,
  roles text[] not null check (roles <@ array['administrator', 'customer']),
  password_hash text not null,
  version integer not null default 1,
  created_at timestamptz not null default plimsoll.now(),
  primary key (tenant_id, id),
  unique (tenant_id, email)
);
select plimsoll.tenant_table('identity.users');
