-- Renews a lease, also after it has ended, as long as no other holder has taken the lock: its token is still the newest. A lock that was released is not
-- renewed: a renewal that was on its way would otherwise lock out everyone for a lease.
create or replace function plimsoll.renew_lock(p_name text, p_token bigint, p_lease_ms integer) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  update plimsoll.locks l set expires_at = plimsoll.now() + p_lease_ms * interval '1 millisecond'
  where l.name = p_name and l.token = p_token and l.expires_at > '-infinity';
  return found;
end $$;
grant execute on function plimsoll.renew_lock to :"app";
