-- Since when code was seen without a break: only what was there all the time can say that other code is gone.
alter table plimsoll.subscription_code add column since timestamptz not null default plimsoll.now();
