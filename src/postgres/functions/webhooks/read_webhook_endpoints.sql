create or replace function plimsoll.read_webhook_endpoints(p_id uuid)
  returns table (id uuid, url text, events text[], secrets text, disabled text, failing_since timestamptz, made_at timestamptz)
  language sql stable security definer set search_path = ''
  as $$
  select e.id, e.url, e.events, e.secrets, e.disabled, e.failing_since, e.made_at from plimsoll.webhook_endpoints e
  where e.tenant = coalesce(plimsoll.tenant(), '') and (p_id is null or e.id = p_id) order by e.made_at, e.id limit 1000 $$;
grant execute on function plimsoll.read_webhook_endpoints to :"app";
