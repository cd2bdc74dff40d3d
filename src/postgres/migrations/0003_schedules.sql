-- Schedules and the last occurrence of each. The code works out the occurrences from the rule; the table only says up to which one they are done.
create table plimsoll.task_schedules (
  name text primary key,
  -- Expression and time zone of the version that started last: others may run beside it, and do not decide any more.
  rule text not null,
  -- The last occurrence that was fired or passed over, milliseconds since the epoch, durable time.
  last_occurrence bigint not null,
  paused boolean not null default false,
  -- When a process last declared it, or it last fired.
  seen bigint not null
);
