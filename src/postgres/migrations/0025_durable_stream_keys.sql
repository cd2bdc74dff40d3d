-- Keys of writes to durable streams, which are known for longer than their items are kept: a write that is sent again adds nothing.
create table plimsoll.durable_stream_keys (
  stream text collate "C" not null,
  tenant text not null,
  id text collate "C" not null,
  key text collate "C" not null,
  -- The offset of the last item of the write.
  at bigint not null,
  primary key (stream, tenant, id, key),
  foreign key (stream, tenant, id) references plimsoll.durable_streams (stream, tenant, id) on delete cascade
);
create index durable_stream_keys_at on plimsoll.durable_stream_keys (stream, tenant, id, at);
