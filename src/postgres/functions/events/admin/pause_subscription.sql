-- Pauses or resumes a subscription in all processes. Returns whether there is one of the name.
create or replace function plimsoll.pause_subscription(p_name text, p_paused boolean) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  update plimsoll.subscriptions s set paused = p_paused where s.name = p_name;
  return found;
end $$;
grant execute on function plimsoll.pause_subscription to :"app";
