-- What tasks, sagas and commands write for readers that follow them; docs/decisions/0050-durable-streams.md says why so.
create table plimsoll.durable_streams (
  stream text collate "C" not null,
  -- Empty where there is none: a part of the key is never null.
  tenant text not null,
  id text collate "C" not null,
  -- Offsets from first up to next, without next, are kept.
  first bigint not null default 1,
  next bigint not null default 1,
  bytes bigint not null default 0,
  ended boolean not null default false,
  expires_at timestamptz not null,
  primary key (stream, tenant, id)
) with (fillfactor = 70);
create index durable_streams_expire on plimsoll.durable_streams (expires_at);

create table plimsoll.durable_stream_items (
  stream text collate "C" not null,
  tenant text not null,
  id text collate "C" not null,
  at bigint not null,
  -- Of the last item of a write: the same write a second time adds nothing.
  key text collate "C",
  item text not null,
  primary key (stream, tenant, id, at),
  foreign key (stream, tenant, id) references plimsoll.durable_streams (stream, tenant, id) on delete cascade
);
create unique index durable_stream_items_key on plimsoll.durable_stream_items (stream, tenant, id, key) where key is not null;
