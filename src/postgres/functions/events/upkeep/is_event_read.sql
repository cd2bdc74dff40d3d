-- Whether every subscription has read the log up to a position.
create or replace function plimsoll.is_event_read(p_epoch integer, p_xid xid8, p_seq bigint) returns boolean
  language sql stable set search_path = ''
  as $$
  select not exists (select from plimsoll.subscription_partitions t where (t.epoch, t.xid, t.seq) < (p_epoch, p_xid, p_seq)) $$;
