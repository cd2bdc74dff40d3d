create or replace function plimsoll.read_event_dead_letters(p_subscription text, p_limit integer)
  returns table (
    subscription text, id uuid, name text, version integer, key text, tenant text, attempt smallint, died timestamptz, code text, reason text
  )
  language sql stable security definer set search_path = ''
  as $$
  select d.subscription, d.id, d.name, d.version, d.key, d.tenant, d.attempt, d.died, d.code, d.reason
  from plimsoll.event_dead_letters d where p_subscription is null or d.subscription = p_subscription order by d.died desc, d.id limit p_limit $$;
grant execute on function plimsoll.read_event_dead_letters to :"app";
