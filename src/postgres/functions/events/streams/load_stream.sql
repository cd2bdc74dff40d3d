-- As read_stream, for processes of an earlier release.
-- The events of a stream of this transaction's tenant, in their order, at most p_limit; the first row is a snapshot, without a name, where there is one of the shape,
-- and then only the events behind it follow.
create or replace function plimsoll.load_stream(p_stream text, p_stream_id text, p_shape integer, p_limit integer)
  returns table (stream_version integer, name text, version integer, data text)
  language plpgsql stable security definer set search_path = ''
  as $$
declare
  here text := coalesce(plimsoll.tenant(), '');
  behind integer := 0;
begin
  if p_shape is not null then
    select s.stream_version, s.state into stream_version, data from plimsoll.stream_snapshots s
    where s.stream = p_stream and s.stream_id = p_stream_id and s.tenant = here and s.shape = p_shape;
    if found then
      behind := stream_version;
      return next;
    end if;
  end if;
  return query
    select e.stream_version, e.name, e.version, e.data from plimsoll.stream_events e
    where e.stream = p_stream and e.stream_id = p_stream_id and e.tenant = here and e.stream_version > behind order by e.stream_version limit p_limit;
end $$;
grant execute on function plimsoll.load_stream to :"app";
