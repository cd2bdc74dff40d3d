-- Locks with a lease and a fencing token. The row stays when a lock is let go, so that its token never falls.
create table plimsoll.locks (
  name text primary key,
  token bigint not null,
  holder text not null,
  expires_at timestamptz not null
);

-- The new token, or null where somebody holds it. Whoever acquires must change the row, and so waits for a fenced transaction that has it.
create function plimsoll.acquire_lock(p_name text, p_holder text, p_lease_ms integer) returns bigint
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  taken bigint;
begin
  -- Most often one look is enough, and writes nothing.
  if exists (select from plimsoll.locks l where l.name = p_name and l.expires_at > plimsoll.now()) then
    return null;
  end if;
  insert into plimsoll.locks as l (name, token, holder, expires_at)
  values (p_name, 1, p_holder, plimsoll.now() + p_lease_ms * interval '1 millisecond')
  on conflict (name) do update
    set token = l.token + 1, holder = excluded.holder, expires_at = excluded.expires_at
    where l.expires_at <= plimsoll.now()
  returning l.token into taken;
  return taken;
end $$;

-- Also after the lease has ended, as long as nobody else has taken the lock: its token is still the newest.
create function plimsoll.renew_lock(p_name text, p_token bigint, p_lease_ms integer) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  update plimsoll.locks l set expires_at = plimsoll.now() + p_lease_ms * interval '1 millisecond' where l.name = p_name and l.token = p_token;
  return found;
end $$;

create function plimsoll.release_lock(p_name text, p_token bigint) returns void
  language sql volatile security definer set search_path = ''
  as $$ update plimsoll.locks set expires_at = '-infinity' where name = p_name and token = p_token $$;

-- Ends the transaction of whoever is not the last holder. Until it ends nobody else can acquire the lock: what it writes comes before all that the
-- next holder does.
create function plimsoll.fence(p_name text, p_token bigint) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform from plimsoll.locks l where l.name = p_name and l.token = p_token for share;
  if not found then
    raise exception 'the lock % is lost', p_name using errcode = 'PL002';
  end if;
end $$;
