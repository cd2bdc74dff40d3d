-- Holds up all who emit, until the transaction ends, and returns up to where the projection is, or its rebuild. Null where that takes too long, or where a process that
-- does not know the projection has emitted less than p_quiet_ms ago.
create or replace function plimsoll.hold_inline(
  p_name text, p_partition integer, p_fence bigint, p_beside boolean, p_quiet_ms bigint, out epoch integer, out xid xid8, out seq bigint
)
  language plpgsql volatile security definer set search_path = '' set lock_timeout = '300ms'
  as $$
declare
  held plimsoll.event_position;
begin
  -- First without the lock: while such a process emits, the others are not to be held up.
  if not exists (
    select from plimsoll.inline_projections i where i.name = p_name and i.unknown_at < plimsoll.now() - p_quiet_ms * interval '1 millisecond') then
    return;
  end if;
  perform pg_catalog.pg_advisory_xact_lock(('plimsoll.events'::pg_catalog.regclass::pg_catalog.oid::bigint % 2147483647)::integer, 9);
  held := plimsoll.hold_subscription(p_name, p_partition, p_fence);
  if p_beside then
    select r.epoch, r.xid, r.seq into held from plimsoll.projection_rebuilds r where r.name = p_name for update;
    if not found then
      return;
    end if;
  end if;
  if exists (
    select from plimsoll.inline_projections i where i.name = p_name and i.unknown_at < plimsoll.now() - p_quiet_ms * interval '1 millisecond') then
    epoch := held.epoch;
    xid := held.xid;
    seq := held.seq;
  end if;
exception when lock_not_available then
  return;
end $$;
grant execute on function plimsoll.hold_inline to :"app";
