create or replace function plimsoll.end_session(p_id uuid) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  delete from plimsoll.sessions s where s.id = p_id;
  return found;
end $$;
grant execute on function plimsoll.end_session to :"app";
