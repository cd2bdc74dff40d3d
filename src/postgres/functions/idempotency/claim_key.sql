create or replace function plimsoll.claim_key(p_id uuid, p_input_hash bytea, out state text, out outcome text, out body text, out head text)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  known_hash bytea;
begin
  if not pg_catalog.pg_try_advisory_xact_lock(pg_catalog.uuid_hash_extended(p_id, 0)) then
    -- An error, so that the server skips what was sent behind the claim: it would be for nothing, and might wait for the owner.
    raise exception 'another execution has the idempotency key' using errcode = 'lock_not_available';
  end if;
  -- A statement of its own, after the lock: its snapshot sees what the owner before us committed.
  select i.input_hash, i.outcome, i.body, i.head into known_hash, outcome, body, head
  from plimsoll.idempotency i where i.id = p_id and i.expires_at > plimsoll.now();
  if not found then
    state := 'claimed';
  elsif known_hash = p_input_hash then
    state := 'replay';
  else
    state := 'mismatch';
    outcome := null;
    body := null;
    head := null;
  end if;
end $$;
grant execute on function plimsoll.claim_key to :"app";
