-- Makes deliveries of an endpoint pending again: of an event, or of those that were recorded in a span. Returns them.
create or replace function plimsoll.replay_webhook_deliveries(
  p_endpoint uuid, p_event uuid, p_from timestamptz, p_until timestamptz, p_limit integer
) returns table (id uuid)
  language sql volatile security definer set search_path = ''
  as $$
  update plimsoll.webhook_deliveries d set state = 'pending', problem = null, status = null
  where d.tenant = coalesce(plimsoll.tenant(), '') and d.id = any (array(
    select o.id from plimsoll.webhook_deliveries o
    where o.tenant = coalesce(plimsoll.tenant(), '') and o.endpoint = p_endpoint and o.state <> 'pending' and (p_event is null or o.event = p_event)
      and (p_from is null or o.recorded_at >= p_from) and (p_until is null or o.recorded_at < p_until)
    order by o.recorded_at, o.id limit p_limit for update))
  returning d.id $$;
grant execute on function plimsoll.replay_webhook_deliveries to :"app";
