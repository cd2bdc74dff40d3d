-- Ends a delivery whose endpoint is sent nothing. A replay makes it pending again.
create or replace function plimsoll.skip_webhook_delivery(p_id uuid) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  update plimsoll.webhook_deliveries d set state = 'failed', problem = coalesce(d.problem, 'The endpoint was switched off.')
  where d.tenant = coalesce(plimsoll.tenant(), '') and d.id = p_id and d.state = 'pending';
  return found;
end $$;
grant execute on function plimsoll.skip_webhook_delivery to :"app";
