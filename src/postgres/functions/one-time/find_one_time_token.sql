-- What a token stands for, as long as it is good. Whether there is no such token, or it is of another purpose or tenant, or used, or expired, is not to be seen.
create or replace function plimsoll.find_one_time_token(p_hash bytea, p_purpose text, p_tenant text, out subject text, out data text) returns setof record
  language sql stable security definer set search_path = ''
  as $$
  select t.subject, t.data::text from plimsoll.one_time_tokens t
  where t.token_hash = p_hash and t.purpose = p_purpose and t.tenant_id is not distinct from p_tenant and t.expires_at > plimsoll.now()
  $$;
grant execute on function plimsoll.find_one_time_token to :"app";
