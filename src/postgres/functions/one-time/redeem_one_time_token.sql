-- Uses a token: of two transactions that do, the second waits for the first, and then gets no row unless the first was undone.
create or replace function plimsoll.redeem_one_time_token(p_hash bytea, p_purpose text, p_tenant text, out subject text, out data text) returns setof record
  language sql volatile security definer set search_path = ''
  as $$
  delete from plimsoll.one_time_tokens t
  where t.token_hash = p_hash and t.purpose = p_purpose and t.tenant_id is not distinct from p_tenant and t.expires_at > plimsoll.now()
  returning t.subject, t.data::text
  $$;
grant execute on function plimsoll.redeem_one_time_token to :"app";
