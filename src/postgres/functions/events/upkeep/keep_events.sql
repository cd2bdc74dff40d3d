-- Makes the partitions of today and of the days that come, and drops those that are older than the retention and that every subscription has read. Deletes
-- dead letters, what lies in the rest, the keys of events that are gone, and messages of webhooks that are remembered no longer, a bounded batch at a time. One worker does it at a time.
create or replace function plimsoll.keep_events(p_retention_ms bigint, p_ahead integer, p_dead_letter_ms bigint, p_batch integer, out made integer, out dropped integer)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  today date := (plimsoll.now() at time zone 'UTC')::date;
  until date := ((plimsoll.now() - p_retention_ms * interval '1 millisecond') at time zone 'UTC')::date;
  part text;
  noted bigint;
begin
  made := 0;
  dropped := 0;
  if not pg_catalog.pg_try_advisory_xact_lock('plimsoll.event_epoch'::pg_catalog.regclass::pg_catalog.oid::bigint) then
    return;
  end if;
  for day in 0..p_ahead loop
    made := made + plimsoll.make_event_partition(today + day)::integer;
  end loop;
  for part in
    select c.relname from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'plimsoll.events'::pg_catalog.regclass and c.relname ~ '^events_\d{8}$' and pg_catalog.to_date(pg_catalog.right(c.relname, 8), 'YYYYMMDD') < until
    order by c.relname
  loop
    dropped := dropped + plimsoll.drop_event_partition(part)::integer;
  end loop;
  with gone as (
    delete from plimsoll.events_rest r where r.ctid = any (array(
      select e.ctid from plimsoll.events_rest e where e.recorded_at < until::timestamp at time zone 'UTC' and plimsoll.is_event_read(e.epoch, e.xid, e.seq)
      order by e.epoch, e.xid, e.seq limit p_batch)) returning r.name, r.epoch, r.xid, r.seq, r.recorded_at
  ), last as (
    select distinct on (g.name) g.name, g.epoch, g.xid, g.seq, pg_catalog.max(g.recorded_at) over (partition by g.name) as recorded_at
    from gone g order by g.name, g.epoch desc, g.xid desc, g.seq desc
  )
  select pg_catalog.count(plimsoll.note_event_cut(l.name, l.epoch, l.xid, l.seq, l.recorded_at)) into noted from last l;
  delete from plimsoll.event_dead_letters d where d.ctid = any (array(
    select e.ctid from plimsoll.event_dead_letters e where e.died < plimsoll.now() - p_dead_letter_ms * interval '1 millisecond' order by e.died limit p_batch));
  perform plimsoll.prune_vault_keys(p_batch);
  delete from plimsoll.webhook_messages m where m.ctid = any (array(
    select o.ctid from plimsoll.webhook_messages o where o.expires_at < plimsoll.now() order by o.expires_at limit p_batch for update skip locked));
end $$;
grant execute on function plimsoll.keep_events to :"app";
