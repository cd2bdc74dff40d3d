create table desk.passkeys (
  id text primary key,
  user_id text not null,
  public_key text not null,
  counter bigint not null,
  transports text[] not null
);
