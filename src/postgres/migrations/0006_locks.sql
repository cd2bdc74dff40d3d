-- Locks with a lease and a fencing token. The row stays when a lock is let go, so that its token never falls.
create table plimsoll.locks (
  name text primary key,
  token bigint not null,
  holder text not null,
  lease interval not null,
  -- '-infinity' once it was let go.
  expires_at timestamptz not null,
  -- What a fence rests on: it makes the token a key of the row. A key share of the row then keeps out whoever would change its token, until the
  -- end of the transaction that has it, and lets the holder renew its lease meanwhile.
  unique (name, token)
);

-- The new token, or null where somebody holds the lock, or a fenced transaction of whoever held it last is open. It waits for neither.
create function plimsoll.acquire_lock(p_name text, p_holder text, p_lease_ms integer) returns bigint
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
    -- The clock went back under a lease. Were its holder dead, the lock would be nobody's for as long as the clock went back.
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

-- Also after the lease has ended, as long as nobody else has taken the lock: its token is still the newest. Not after it was let go: a renewal
-- that was on its way then would keep everybody out for a lease.
create function plimsoll.renew_lock(p_name text, p_token bigint, p_lease_ms integer) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  update plimsoll.locks l set expires_at = plimsoll.now() + p_lease_ms * interval '1 millisecond'
  where l.name = p_name and l.token = p_token and l.expires_at > '-infinity';
  return found;
end $$;

create function plimsoll.release_lock(p_name text, p_token bigint) returns void
  language sql volatile security definer set search_path = ''
  as $$ update plimsoll.locks set expires_at = '-infinity' where name = p_name and token = p_token $$;

-- Ends the transaction of whoever is not the last holder. Until it ends nobody else can acquire the lock: what it writes comes before all that the
-- next holder does. Where an acquisition is under way it waits for that, and then finds another token.
create function plimsoll.fence(p_name text, p_token bigint) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform from plimsoll.locks l where l.name = p_name and l.token = p_token for key share;
  if not found then
    raise exception 'the lock % is lost', p_name using errcode = 'PL002';
  end if;
end $$;
