-- Before a transaction commits that has emitted: says which of the projections that its code knows are live, and stay so until it ends, and at which time its events
-- are recorded.
create or replace function plimsoll.begin_inline(p_known text[], out live text[], out recorded_at timestamptz)
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  -- The worker that makes a projection live holds the same lock alone.
  perform plimsoll.join_event_epoch();
  perform plimsoll.refuse_old_snapshot();
  recorded_at := plimsoll.now();
  perform pg_catalog.set_config('plimsoll.recorded_at', recorded_at::text, true);
  perform pg_catalog.set_config('plimsoll.inline_known', pg_catalog.array_to_string(p_known, ' '), true);
  select coalesce(pg_catalog.array_agg(i.name), '{}') into live from plimsoll.inline_projections i where i.name = any (p_known) and i.state = 'live';
end $$;
grant execute on function plimsoll.begin_inline to :"app";
