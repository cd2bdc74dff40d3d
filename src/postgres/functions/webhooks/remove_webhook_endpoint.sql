create or replace function plimsoll.remove_webhook_endpoint(p_id uuid) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  delete from plimsoll.webhook_endpoints e where e.tenant = coalesce(plimsoll.tenant(), '') and e.id = p_id;
  return found;
end $$;
grant execute on function plimsoll.remove_webhook_endpoint to :"app";
