-- Has records expire so long from now, where they would later. A record that is missing was not written, or has expired.
create or replace function plimsoll.shorten_keys(p_ids uuid[], p_ttls_ms double precision[]) returns void
  language sql volatile security definer set search_path = ''
  as $$
  update plimsoll.idempotency i set expires_at = plimsoll.now() + k.ttl_ms * interval '1 millisecond'
  from unnest(p_ids, p_ttls_ms) as k (id, ttl_ms)
  where i.id = k.id and i.expires_at > plimsoll.now() + k.ttl_ms * interval '1 millisecond' $$;
grant execute on function plimsoll.shorten_keys to :"app";
