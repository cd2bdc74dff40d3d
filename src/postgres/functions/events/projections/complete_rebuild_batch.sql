-- Moves a rebuild on, as a part of the transaction that writes its rows, or undoes that transaction: another worker has the projection, it is not rebuilt any more, or
-- the batch was read from another place than where the rebuild stands, as complete_batch says.
create or replace function plimsoll.complete_rebuild_batch(
  p_name text, p_partition integer, p_fence bigint, p_from_epoch integer, p_from_xid xid8, p_from_seq bigint, p_epoch integer, p_xid xid8, p_seq bigint,
  p_events bigint
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform from plimsoll.subscription_partitions t
  where t.subscription = p_name and t.partition = p_partition and t.fence = p_fence and t.owner is not null for share;
  if not found then
    raise exception 'the lease of this partition is lost' using errcode = 'PL001';
  end if;
  update plimsoll.projection_rebuilds r set epoch = p_epoch, xid = p_xid, seq = p_seq, events = r.events + p_events
  where r.name = p_name and (r.epoch, r.xid, r.seq) = (p_from_epoch, p_from_xid, p_from_seq) and (r.epoch, r.xid, r.seq) < (p_epoch, p_xid, p_seq);
  if not found then
    raise exception 'this projection is not rebuilt from there any more' using errcode = 'PL001';
  end if;
end $$;
grant execute on function plimsoll.complete_rebuild_batch to :"app";
