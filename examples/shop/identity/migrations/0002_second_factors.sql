create table identity.second_factors (
  tenant_id text,
  user_id uuid,
  -- Who has it makes codes: only the sign-in reads it.
  secret text not null,
  -- Not asked for before the user has entered a code of it.
  confirmed boolean not null default false,
  -- That of the last code: it and those before it are refused.
  last_step bigint,
  recovery_hashes text[] not null default '{}',
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references identity.users on delete cascade
);
select plimsoll.tenant_table('identity.second_factors');
