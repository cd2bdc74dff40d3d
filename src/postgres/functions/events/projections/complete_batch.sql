-- Moves a projection on, as a part of the transaction that writes its rows, or undoes that transaction: another worker has it, or the batch was read from another place
-- than where it stands. A worker that lost the response to a commit reads from before it: what was applied would be applied again, beneath events that came since.
create or replace function plimsoll.complete_batch(
  p_name text, p_partition integer, p_fence bigint, p_from_epoch integer, p_from_xid xid8, p_from_seq bigint, p_epoch integer, p_xid xid8, p_seq bigint
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  held plimsoll.event_position := plimsoll.hold_subscription(p_name, p_partition, p_fence);
begin
  -- Code that knows nothing of that would apply events which commands have applied.
  if exists (select from plimsoll.inline_projections i where i.name = p_name and i.state <> 'filling') then
    raise exception 'commands keep this projection' using errcode = 'PL001';
  end if;
  if (held.epoch, held.xid, held.seq) <> (p_from_epoch, p_from_xid, p_from_seq) or (held.epoch, held.xid, held.seq) >= (p_epoch, p_xid, p_seq) then
    raise exception 'this batch was not read from where the projection stands' using errcode = 'PL001';
  end if;
  update plimsoll.subscription_partitions t set epoch = p_epoch, xid = p_xid, seq = p_seq
  where t.subscription = p_name and t.partition = p_partition;
end $$;
grant execute on function plimsoll.complete_batch to :"app";
