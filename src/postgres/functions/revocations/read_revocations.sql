-- Returns as JSON what was committed since the mark of another reading, or all. The mark is the oldest transaction that has not ended: what it and all later
-- ones write is read again, so that none is missed, in whatever order they commit. A mark from before a failover may be ahead of this server.
create or replace function plimsoll.read_revocations(p_mark text, p_most integer) returns text
  language sql stable security definer set search_path = ''
  as $$
  with snapshot as (
    select pg_snapshot_xmin(pg_current_snapshot()) as mark
  ), reading as (
    select n.mark, p_mark is null or p_mark::xid8 > n.mark as whole from snapshot n
  )
  select json_build_object('mark', s.mark::text, 'whole', s.whole, 'entries', coalesce(
    (select json_agg(json_build_array(r.kind, r.tenant, r.id, extract(epoch from r.before) * 1000)) from (
      select * from plimsoll.revocations a where s.whole and a.expires_at > plimsoll.now()
      union all
      select * from plimsoll.revocations c where not s.whole and c.xid >= p_mark::xid8
      limit p_most
    ) r), '[]'))::text
  from reading s
  $$;
grant execute on function plimsoll.read_revocations to :"app";
