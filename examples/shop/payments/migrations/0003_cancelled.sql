-- Whether the order of a checkout was cancelled: one that is cancelled before its checkout has ended as paid is refunded when it has.
alter table payments.checkouts add column is_cancelled boolean not null default false;
