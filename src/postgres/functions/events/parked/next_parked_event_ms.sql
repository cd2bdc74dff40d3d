-- In how many milliseconds the next parked event of a worker is due; null where none is.
create or replace function plimsoll.next_parked_event_ms(p_token bigint) returns double precision
  language sql stable security definer set search_path = ''
  as $$
  select extract(epoch from pg_catalog.min(p.due) - plimsoll.now()) * 1000 from plimsoll.subscription_partitions t
  join plimsoll.parked_events p on p.subscription = t.subscription and p.partition = t.partition
  where t.owner = p_token and p.due < 'infinity' $$;
grant execute on function plimsoll.next_parked_event_ms to :"app";
