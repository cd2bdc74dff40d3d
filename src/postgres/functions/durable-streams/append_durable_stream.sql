-- Adds items behind the last one of a stream of this transaction's tenant. Writers of one stream wait for each other until they end, so offsets are committed in
-- their order and no reader passes one over. Returns the offset of the last item of this write, which may have been there before by its key; null where the stream
-- has ended. Keys outlive their items: those of the last p_keys_max offsets are known.
create or replace function plimsoll.append_durable_stream(
  p_stream text, p_id text, p_items text[], p_key text, p_end boolean, p_items_max integer, p_bytes_max bigint, p_retention_ms bigint, p_keys_max integer
) returns bigint
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  here text := coalesce(plimsoll.tenant(), '');
  expires timestamptz := plimsoll.now() + p_retention_ms * interval '1 millisecond';
  added integer := pg_catalog.cardinality(p_items);
  s plimsoll.durable_streams;
  known bigint;
begin
  insert into plimsoll.durable_streams (stream, tenant, id, expires_at) values (p_stream, here, p_id, expires) on conflict do nothing;
  select * into s from plimsoll.durable_streams d where d.stream = p_stream and d.tenant = here and d.id = p_id for update;
  if s.expires_at <= plimsoll.now() then
    -- It has ended, though nothing has removed it yet.
    delete from plimsoll.durable_streams d where d.stream = p_stream and d.tenant = here and d.id = p_id;
    insert into plimsoll.durable_streams (stream, tenant, id, first, next, expires_at) values (p_stream, here, p_id, s.next, s.next, expires) returning * into s;
  end if;
  if p_key is not null then
    select k.at into known from plimsoll.durable_stream_keys k where k.stream = p_stream and k.tenant = here and k.id = p_id and k.key = p_key
    union all
    select i.at from plimsoll.durable_stream_items i where i.stream = p_stream and i.tenant = here and i.id = p_id and i.key = p_key limit 1;
    if found then
      return known;
    end if;
  end if;
  if s.ended then
    return case when added = 0 then s.next - 1 end;
  end if;
  insert into plimsoll.durable_stream_items (stream, tenant, id, at, key, item)
  select p_stream, here, p_id, s.next + o.n - 1, case when o.n = added then p_key end, o.item from unnest(p_items) with ordinality as o (item, n);
  s.bytes := s.bytes + coalesce((select pg_catalog.sum(pg_catalog.octet_length(o.item)) from unnest(p_items) as o (item)), 0);
  s.next := s.next + added;
  if p_key is not null and (added > 0 or p_end) then
    insert into plimsoll.durable_stream_keys (stream, tenant, id, key, at) values (p_stream, here, p_id, p_key, s.next - 1);
    delete from plimsoll.durable_stream_keys k where k.stream = p_stream and k.tenant = here and k.id = p_id and k.at < s.next - p_keys_max;
  end if;
  select t.first, s.bytes - t.dropped into s.first, s.bytes from plimsoll.trim_durable_stream(s, p_items_max, p_bytes_max) t;
  update plimsoll.durable_streams d set first = s.first, next = s.next, bytes = s.bytes, ended = p_end, expires_at = expires
  where d.stream = p_stream and d.tenant = here and d.id = p_id;
  return s.next - 1;
end $$;
grant execute on function plimsoll.append_durable_stream to :"app";
