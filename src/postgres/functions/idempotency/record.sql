create or replace function plimsoll.record(
  p_id uuid, p_input_hash bytea, p_ttl_ms double precision, p_outcome text, p_body text, p_head text
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  insert into plimsoll.idempotency as i (id, input_hash, outcome, body, head, expires_at)
  values (p_id, p_input_hash, p_outcome, p_body, p_head, plimsoll.now() + p_ttl_ms * interval '1 millisecond')
  on conflict (id) do update
    set input_hash = excluded.input_hash, outcome = excluded.outcome, body = excluded.body, head = excluded.head, expires_at = excluded.expires_at
    where i.expires_at <= plimsoll.now();
  -- Under serializable isolation the claim reads an old snapshot; the conflict on the key then shows that another caller was first.
  if not found then
    raise exception 'the idempotency key was recorded meanwhile' using errcode = 'serialization_failure';
  end if;
end $$;
grant execute on function plimsoll.record to :"app";
