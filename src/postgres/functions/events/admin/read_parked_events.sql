create or replace function plimsoll.read_parked_events(p_subscription text, p_limit integer)
  returns table (
    subscription text, id uuid, name text, version integer, key text, tenant text, attempt smallint, due_ms double precision, code text, reason text
  )
  language sql stable security definer set search_path = ''
  as $$
  select p.subscription, p.id, p.name, p.version, p.key, p.tenant, p.attempt,
    case when p.due < 'infinity' then extract(epoch from p.due - plimsoll.now()) * 1000 end, p.code, p.reason
  from plimsoll.parked_events p where (p_subscription is null or p.subscription = p_subscription) and p.due is not null order by p.due desc, p.id limit p_limit $$;
grant execute on function plimsoll.read_parked_events to :"app";
