-- Undoes a transaction that appends to a stream which is not at the version before the first one that is appended, or the last event of which is of a later
-- transaction by its id.
create or replace function plimsoll.refuse_stream_gaps(p_streams text[], p_stream_ids text[], p_stream_versions integer[], p_epoch integer) returns void
  language plpgsql volatile set search_path = ''
  as $$
begin
  if exists (
    select from (
      select u.stream, u.stream_id, pg_catalog.min(u.stream_version) - 1 as behind
      from unnest(p_streams, p_stream_ids, p_stream_versions) as u (stream, stream_id, stream_version) where u.stream is not null group by u.stream, u.stream_id
    ) f where f.behind > 0 and not exists (
      select from plimsoll.stream_events e
      where e.stream = f.stream and e.stream_id = f.stream_id and e.tenant = coalesce(plimsoll.tenant(), '') and e.stream_version = f.behind
        and (e.epoch, e.xid) <= (p_epoch, pg_catalog.pg_current_xact_id())
    )
  ) then
    raise exception 'the stream is at another version' using errcode = 'PL003';
  end if;
end $$;
