-- Moves the position of a projection that commands keep, so that the log can drop what lies before it. Nothing is applied.
create or replace function plimsoll.pass_inline(p_name text, p_partition integer, p_fence bigint, p_epoch integer, p_xid xid8, p_seq bigint) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform plimsoll.hold_subscription(p_name, p_partition, p_fence);
  update plimsoll.subscription_partitions t set epoch = p_epoch, xid = p_xid, seq = p_seq
  where t.subscription = p_name and t.partition = p_partition and (t.epoch, t.xid, t.seq) < (p_epoch, p_xid, p_seq);
  -- No transaction with an earlier id than these runs any more, or can begin.
  delete from plimsoll.inline_rows r where r.ctid = any (array(
    select d.ctid from plimsoll.inline_rows d
    where d.projection = p_name and (d.epoch, d.xid) < ((select c.epoch from plimsoll.event_epoch c), pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()))
    limit 1000 for update skip locked));
end $$;
grant execute on function plimsoll.pass_inline to :"app";
