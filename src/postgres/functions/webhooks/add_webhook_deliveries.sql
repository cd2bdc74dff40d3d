-- Adds a delivery of an event for each endpoint that gets it. Returns them.
create or replace function plimsoll.add_webhook_deliveries(p_event uuid, p_name text, p_recorded_at timestamptz, p_payload text) returns table (id uuid)
  language sql volatile security definer set search_path = ''
  as $$
  insert into plimsoll.webhook_deliveries (tenant, id, endpoint, event, event_name, recorded_at, payload)
  select e.tenant, pg_catalog.gen_random_uuid(), e.id, p_event, p_name, p_recorded_at, p_payload from plimsoll.webhook_endpoints e
  where e.tenant = coalesce(plimsoll.tenant(), '') and e.disabled is null and (e.events is null or p_name = any (e.events))
  returning id $$;
grant execute on function plimsoll.add_webhook_deliveries to :"app";
