-- The addresses that are there could be used for resets, and still can.
alter table identity.users add column email_verified boolean not null default true;
alter table identity.users alter column email_verified set default false;

create table identity.invitations (
  tenant_id text,
  id uuid,
  email text not null,
  roles text[] not null check (roles <@ array['administrator', 'customer']),
  -- With the account of an administrator its invitations go too.
  invited_by uuid not null,
  created_at timestamptz not null default plimsoll.now(),
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, email),
  foreign key (tenant_id, invited_by) references identity.users on delete cascade
);
create index invitations_by_inviter on identity.invitations (tenant_id, invited_by);
select plimsoll.tenant_table('identity.invitations');
