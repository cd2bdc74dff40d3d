-- Ends all tokens of a subject for a purpose. Returns how many there were.
create or replace function plimsoll.end_one_time_tokens(p_purpose text, p_tenant text, p_subject text) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  ended integer;
begin
  delete from plimsoll.one_time_tokens t
  where t.subject = p_subject and t.purpose = p_purpose and t.tenant_id is not distinct from p_tenant;
  get diagnostics ended = row_count;
  return ended;
end $$;
grant execute on function plimsoll.end_one_time_tokens to :"app";
