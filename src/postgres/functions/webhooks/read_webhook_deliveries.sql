-- Deliveries of the tenant, the newest first.
create or replace function plimsoll.read_webhook_deliveries(p_endpoint uuid, p_event uuid, p_state text, p_before timestamptz, p_limit integer)
  returns table (
    id uuid, endpoint uuid, event uuid, event_name text, state text, attempts integer, status integer, problem text, attempted_at timestamptz, made_at timestamptz
  )
  language sql stable security definer set search_path = ''
  as $$
  select d.id, d.endpoint, d.event, d.event_name, d.state, d.attempts, d.status, d.problem, d.attempted_at, d.made_at from plimsoll.webhook_deliveries d
  where d.tenant = coalesce(plimsoll.tenant(), '') and (p_endpoint is null or d.endpoint = p_endpoint) and (p_event is null or d.event = p_event)
    and (p_state is null or d.state = p_state) and (p_before is null or d.made_at < p_before)
  order by d.made_at desc, d.id limit p_limit $$;
grant execute on function plimsoll.read_webhook_deliveries to :"app";
