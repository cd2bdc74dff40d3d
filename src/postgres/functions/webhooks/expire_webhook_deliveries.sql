-- Deletes deliveries that ended long ago, a bounded batch at a time.
create or replace function plimsoll.expire_webhook_deliveries(p_older_ms bigint, p_limit integer) returns integer
  language sql volatile security definer set search_path = ''
  as $$
  with expired as (
    delete from plimsoll.webhook_deliveries d where d.ctid = any (array(
      select o.ctid from plimsoll.webhook_deliveries o
      where o.made_at < plimsoll.now() - p_older_ms * interval '1 millisecond' order by o.made_at limit p_limit for update skip locked))
    returning d.id
  )
  select pg_catalog.count(*)::integer from expired $$;
grant execute on function plimsoll.expire_webhook_deliveries to :"app";
