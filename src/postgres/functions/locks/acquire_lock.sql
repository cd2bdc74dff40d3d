-- Returns the new token. Returns null, without waiting, if a holder has the lock or a fenced transaction of the last holder is still open.
create or replace function plimsoll.acquire_lock(p_name text, p_holder text, p_lease_ms integer) returns bigint
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  wanted interval := p_lease_ms * interval '1 millisecond';
  seen timestamptz;
  seen_lease interval;
  taken bigint;
begin
  -- Most often one look is enough, and writes nothing.
  select l.expires_at, l.lease into seen, seen_lease from plimsoll.locks l where l.name = p_name;
  if seen > plimsoll.now() then
    -- The clock went back during a lease. If its holder is lost, no other could acquire the lock for as long as the clock went back.
    if seen > plimsoll.now() + 2 * seen_lease then
      update plimsoll.locks l set expires_at = plimsoll.now() + l.lease where l.name = p_name and l.expires_at = seen;
    end if;
    return null;
  end if;
  perform from plimsoll.locks l where l.name = p_name and l.expires_at <= plimsoll.now() for update skip locked;
  if found then
    update plimsoll.locks l set token = l.token + 1, holder = p_holder, lease = wanted, expires_at = plimsoll.now() + wanted
    where l.name = p_name returning l.token into taken;
  else
    insert into plimsoll.locks as l (name, token, holder, lease, expires_at) values (p_name, 1, p_holder, wanted, plimsoll.now() + wanted)
    on conflict do nothing returning l.token into taken;
  end if;
  return taken;
end $$;
grant execute on function plimsoll.acquire_lock to :"app";
