-- Deletes a subscription that no running worker serves, with its parked events and dead letters: the log keeps nothing for it any more.
create or replace function plimsoll.forget_subscription(p_name text) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  delete from plimsoll.subscriptions s where s.name = p_name
    and not exists (select from plimsoll.event_workers w where w.expires_at > plimsoll.now() and p_name = any (w.serves));
  return found;
end $$;
grant execute on function plimsoll.forget_subscription to :"app";
