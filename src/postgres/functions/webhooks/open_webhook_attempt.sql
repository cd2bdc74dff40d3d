-- What is to be sent, and where to, and how many attempts were recorded before; no row where it was delivered, or its endpoint is sent nothing.
create or replace function plimsoll.open_webhook_attempt(p_id uuid)
  returns table (event uuid, url text, secrets text, payload text, endpoint uuid, attempts integer)
  language sql stable security definer set search_path = ''
  as $$
  select d.event, e.url, e.secrets, d.payload, e.id, d.attempts
  from plimsoll.webhook_deliveries d join plimsoll.webhook_endpoints e on e.tenant = d.tenant and e.id = d.endpoint
  where d.tenant = coalesce(plimsoll.tenant(), '') and d.id = p_id and d.state = 'pending' and e.disabled is null $$;
grant execute on function plimsoll.open_webhook_attempt to :"app";
