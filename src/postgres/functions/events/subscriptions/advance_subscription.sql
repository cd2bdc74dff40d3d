-- Moves positions on. Returns the partitions that the worker still has; their positions are never moved back.
create or replace function plimsoll.advance_subscription(
  p_subscription text, p_partitions integer[], p_fences bigint[], p_epochs integer[], p_xids text[], p_seqs bigint[]
) returns setof smallint
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  return query
    with moved as (
      select m.partition, m.fence, m.epoch, m.xid::xid8 as xid, m.seq
      from unnest(p_partitions, p_fences, p_epochs, p_xids, p_seqs) as m (partition, fence, epoch, xid, seq)
    ), held as (
      select t.partition from plimsoll.subscription_partitions t join moved m on m.partition = t.partition and m.fence = t.fence
      where t.subscription = p_subscription and t.owner is not null order by t.partition for update of t
    ), written as (
      update plimsoll.subscription_partitions t set epoch = m.epoch, xid = m.xid, seq = m.seq
      from moved m, held h
      where t.subscription = p_subscription and t.partition = m.partition and h.partition = t.partition and (t.epoch, t.xid, t.seq) < (m.epoch, m.xid, m.seq)
    )
    select h.partition from held h;
end $$;
grant execute on function plimsoll.advance_subscription to :"app";
