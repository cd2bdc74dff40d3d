-- Issues a token. A subject keeps the newest `p_most` of a purpose. Each issue deletes a few tokens that have expired, so that no more than the live ones pile up.
create or replace function plimsoll.issue_one_time_token(
  p_hash bytea, p_purpose text, p_tenant text, p_subject text, p_data jsonb, p_lifetime_ms double precision, p_most integer
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  -- Of two issues at the same time, the second sees the token of the first.
  perform pg_advisory_xact_lock(hashtextextended(jsonb_build_array('one-time token', p_purpose, p_tenant, p_subject)::text, 0));
  delete from plimsoll.one_time_tokens t where t.ctid = any (array(
    select e.ctid from plimsoll.one_time_tokens e where e.expires_at <= plimsoll.now() order by e.expires_at limit 20 for update skip locked
  ));
  delete from plimsoll.one_time_tokens t where t.token_hash in (
    select o.token_hash from plimsoll.one_time_tokens o
    where o.subject = p_subject and o.purpose = p_purpose and o.tenant_id is not distinct from p_tenant
    order by o.issued_at desc, o.token_hash offset p_most - 1
  );
  insert into plimsoll.one_time_tokens (token_hash, purpose, tenant_id, subject, data, issued_at, expires_at)
  values (p_hash, p_purpose, p_tenant, p_subject, p_data, plimsoll.now(), plimsoll.now() + p_lifetime_ms * interval '1 millisecond');
end $$;
grant execute on function plimsoll.issue_one_time_token to :"app";
