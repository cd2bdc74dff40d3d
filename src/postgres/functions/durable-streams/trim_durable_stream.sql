-- Of append_durable_stream: deletes the oldest items of a stream that has more than it keeps. Returns the first offset that is left, and how many bytes are gone.
create or replace function plimsoll.trim_durable_stream(p_stream plimsoll.durable_streams, p_items_max integer, p_bytes_max bigint, out first bigint, out dropped bigint)
  language plpgsql volatile set search_path = ''
  as $$
declare
  fitting bigint;
begin
  first := greatest(p_stream.first, p_stream.next - p_items_max);
  dropped := 0;
  if p_stream.bytes > p_bytes_max then
    -- A part more than has to go, so that not each write looks for it; the last item stays whatever its size.
    select coalesce(pg_catalog.min(b.at), p_stream.next - 1) into fitting from (
      select i.at, pg_catalog.sum(pg_catalog.octet_length(i.item)) over (order by i.at desc) as bytes
      from plimsoll.durable_stream_items i where i.stream = p_stream.stream and i.tenant = p_stream.tenant and i.id = p_stream.id
    ) b where b.bytes <= p_bytes_max - p_bytes_max / 8;
    first := greatest(first, fitting);
  end if;
  if first > p_stream.first then
    with gone as (
      delete from plimsoll.durable_stream_items i
      where i.stream = p_stream.stream and i.tenant = p_stream.tenant and i.id = p_stream.id and i.at < first returning i.item
    )
    select coalesce(pg_catalog.sum(pg_catalog.octet_length(g.item)), 0) into dropped from gone g;
  end if;
end $$;
