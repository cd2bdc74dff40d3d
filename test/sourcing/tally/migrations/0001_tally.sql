create table tally.inline_words (tenant_id text not null default plimsoll.tenant(), id text not null, words text not null, at timestamptz not null, primary key (tenant_id, id));
select plimsoll.tenant_table('tally.inline_words');
create table tally.later_words (tenant_id text not null default plimsoll.tenant(), id text not null, words text not null, at timestamptz not null, primary key (tenant_id, id));
select plimsoll.tenant_table('tally.later_words');
create table tally.inline_lengths (length text primary key, count integer not null);
create table tally.later_lengths (length text primary key, count integer not null);
