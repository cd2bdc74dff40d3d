-- Keys of signals that a step has taken: a signal that is sent again with one counts no second time.
create table plimsoll.saga_signal_keys (
  saga uuid not null,
  name text not null,
  key text not null,
  taken bigint not null,
  primary key (saga, name, key)
);
create index saga_signal_keys_taken on plimsoll.saga_signal_keys (taken);
