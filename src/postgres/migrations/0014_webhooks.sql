-- Webhooks that are sent: who gets them, and each message that was sent to them.
create table plimsoll.webhook_endpoints (
  -- Empty for what has no tenant.
  tenant text not null,
  id uuid not null,
  url text not null,
  -- The names of events; null for all.
  events text[],
  -- The signing secrets, sealed by the vault: the current one first.
  secrets text not null,
  -- Why nothing is sent to it any more; null while it is sent to.
  disabled text,
  -- Since when every attempt has failed.
  failing_since timestamptz,
  made_at timestamptz not null default plimsoll.now(),
  primary key (tenant, id)
);

create table plimsoll.webhook_deliveries (
  tenant text not null,
  id uuid not null,
  endpoint uuid not null,
  event uuid not null,
  event_name text not null,
  recorded_at timestamptz not null,
  -- The message, sealed by the vault.
  payload text not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
  attempts integer not null default 0,
  -- Of the last attempt: the status of the response, if there was one, and what went wrong.
  status integer,
  problem text,
  attempted_at timestamptz,
  made_at timestamptz not null default plimsoll.now(),
  primary key (tenant, id),
  foreign key (tenant, endpoint) references plimsoll.webhook_endpoints (tenant, id) on delete cascade
);
create index webhook_deliveries_endpoint on plimsoll.webhook_deliveries (tenant, endpoint, made_at);
create index webhook_deliveries_event on plimsoll.webhook_deliveries (tenant, event);
create index webhook_deliveries_made on plimsoll.webhook_deliveries (made_at);
