create table meters.totals (meter text primary key, readings bigint not null);
