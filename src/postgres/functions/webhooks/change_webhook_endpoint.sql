-- Changes what is not null of an endpoint; an empty text of p_disabled has it sent to again. Returns whether there is one.
create or replace function plimsoll.change_webhook_endpoint(p_id uuid, p_secrets text, p_disabled text) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  update plimsoll.webhook_endpoints e
  set secrets = coalesce(p_secrets, e.secrets), disabled = case when p_disabled is null then e.disabled else nullif(p_disabled, '') end,
    failing_since = case when p_disabled = '' then null else e.failing_since end
  where e.tenant = coalesce(plimsoll.tenant(), '') and e.id = p_id;
  return found;
end $$;
grant execute on function plimsoll.change_webhook_endpoint to :"app";
