-- A key of what an event says about a person is of no use once the event has left the log; docs/decisions/0049-people-in-streams.md says when it goes.
--
-- Whether what it sealed is kept for good, as the events of streams are.
alter table plimsoll.vault_keys add column lasting boolean not null default false;
create index vault_keys_of_events on plimsoll.vault_keys (made_at) where subject <> '' and not is_current and not lasting;
-- What sagas have got of events is sealed as in the log.
create index saga_steps_event on plimsoll.saga_steps (saga) where kind = 'event';
