-- Adds an endpoint of the tenant. Returns false where it has as many as it may.
create or replace function plimsoll.add_webhook_endpoint(p_id uuid, p_url text, p_events text[], p_secrets text, p_most integer) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  if (select pg_catalog.count(*) from plimsoll.webhook_endpoints e where e.tenant = coalesce(plimsoll.tenant(), '')) >= p_most then
    return false;
  end if;
  insert into plimsoll.webhook_endpoints (tenant, id, url, events, secrets) values (coalesce(plimsoll.tenant(), ''), p_id, p_url, p_events, p_secrets);
  return true;
end $$;
grant execute on function plimsoll.add_webhook_endpoint to :"app";
