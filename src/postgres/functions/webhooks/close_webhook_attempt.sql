-- Records an attempt that was opened when so many had been recorded. Another worker may have taken the task over from a process that stood still, and have recorded
-- its own: then nothing is written, so that what was delivered is not pending again without a task. A problem that has lasted for longer than p_lasting_ms, or that is final, disables the endpoint; returns whether this one did, and its URL.
create or replace function plimsoll.close_webhook_attempt(
  p_id uuid, p_attempts integer, p_state text, p_status integer, p_problem text, p_lasting_ms bigint, p_gone boolean
) returns table (disabled boolean, endpoint uuid, url text)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  own text := coalesce(plimsoll.tenant(), '');
  target uuid;
begin
  update plimsoll.webhook_deliveries d
  set state = p_state, status = p_status, problem = p_problem, attempts = d.attempts + 1, attempted_at = plimsoll.now()
  where d.tenant = own and d.id = p_id and d.attempts = p_attempts returning d.endpoint into target;
  if p_state = 'delivered' then
    update plimsoll.webhook_endpoints e set failing_since = null where e.tenant = own and e.id = target and e.failing_since is not null;
    return;
  end if;
  update plimsoll.webhook_endpoints e set failing_since = plimsoll.now() where e.tenant = own and e.id = target and e.failing_since is null;
  return query update plimsoll.webhook_endpoints e set disabled = p_problem
    where e.tenant = own and e.id = target and e.disabled is null
      and (p_gone or e.failing_since <= plimsoll.now() - p_lasting_ms * interval '1 millisecond')
    returning true, e.id, e.url;
  if found then
    -- Its task ends with the endpoint: nothing would send it any more.
    update plimsoll.webhook_deliveries d set state = 'failed' where d.tenant = own and d.id = p_id and d.state = 'pending';
  end if;
end $$;
grant execute on function plimsoll.close_webhook_attempt to :"app";
