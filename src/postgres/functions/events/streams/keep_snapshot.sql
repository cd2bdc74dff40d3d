-- Keeps the state of a stream in the place of an earlier one, in the transaction that appends the event after which it is.
create or replace function plimsoll.keep_snapshot(p_stream text, p_stream_id text, p_stream_version integer, p_shape integer, p_state text) returns void
  language sql volatile security definer set search_path = ''
  as $$
  insert into plimsoll.stream_snapshots as s (stream, stream_id, tenant, stream_version, shape, state)
  select p_stream, p_stream_id, coalesce(plimsoll.tenant(), ''), p_stream_version, p_shape, p_state where p_stream is not null
  on conflict (stream, stream_id, tenant) do update set stream_version = excluded.stream_version, shape = excluded.shape, state = excluded.state
  where s.shape < excluded.shape or (s.shape = excluded.shape and s.stream_version < excluded.stream_version) $$;
grant execute on function plimsoll.keep_snapshot to :"app";
