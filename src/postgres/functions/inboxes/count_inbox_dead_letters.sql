-- How many messages of a subscription could not be handled, up to a bound.
create or replace function plimsoll.count_inbox_dead_letters(p_subscription text, p_bound integer) returns integer
  language sql stable security definer set search_path = ''
  as $$
  select pg_catalog.count(*)::integer from (select from plimsoll.inbox_dead_letters l where l.subscription = p_subscription limit p_bound) c $$;
grant execute on function plimsoll.count_inbox_dead_letters to :"app";
