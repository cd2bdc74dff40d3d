-- The next items of a stream of this transaction's tenant behind an offset, at most p_limit and p_bytes of them, the first whatever its size; one row without an item
-- where there is none, and no row where there is no stream.
create or replace function plimsoll.read_durable_stream(p_stream text, p_id text, p_after bigint, p_limit integer, p_bytes bigint)
  returns table (at bigint, item text, first bigint, next bigint, ended boolean)
  language sql stable security definer set search_path = ''
  as $$
  select i.at, i.item, s.first, s.next, s.ended from plimsoll.durable_streams s left join lateral (
    select n.at, n.item, pg_catalog.sum(pg_catalog.octet_length(n.item)) over (order by n.at) as bytes, pg_catalog.row_number() over (order by n.at) as n
    from (
      select k.at, k.item from plimsoll.durable_stream_items k
      where k.stream = s.stream and k.tenant = s.tenant and k.id = s.id and k.at > p_after order by k.at limit p_limit
    ) n
  ) i on i.n = 1 or i.bytes <= p_bytes
  where s.stream = p_stream and s.tenant = coalesce(plimsoll.tenant(), '') and s.id = p_id and s.expires_at > plimsoll.now()
  order by i.at $$;
grant execute on function plimsoll.read_durable_stream to :"app";
