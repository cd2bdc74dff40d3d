-- Ends the transaction of a caller that is not the last holder. Otherwise no other caller can acquire the lock until this transaction ends, so what it
-- writes comes before all that the next holder does. If an acquisition is under way, this waits for it, and then finds another token.
create or replace function plimsoll.fence(p_name text, p_token bigint) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform from plimsoll.locks l where l.name = p_name and l.token = p_token for key share;
  if not found then
    raise exception 'the lock % is lost', p_name using errcode = 'PL002';
  end if;
end $$;
grant execute on function plimsoll.fence to :"app";
