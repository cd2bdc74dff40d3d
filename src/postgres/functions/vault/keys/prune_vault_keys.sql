-- Deletes keys of events that have left the log, a bounded batch at a time: those that were made a day before the first event that it still has, unless an event that
-- is parked, a dead letter, or what a saga has got of one is sealed with them. Returns how many.
create or replace function plimsoll.prune_vault_keys(p_batch integer) returns integer
  language plpgsql volatile set search_path = ''
  as $$
declare
  -- The log is cut by days; what lies in the rest is of no day that it has a partition of.
  first_day timestamptz := (
    select pg_catalog.min(pg_catalog.to_date(pg_catalog.right(c.relname, 8), 'YYYYMMDD'))::timestamp at time zone 'UTC'
    from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'plimsoll.events'::pg_catalog.regclass and c.relname ~ '^events_\d{8}$');
  first_rest timestamptz := (select e.recorded_at from plimsoll.events_rest e order by e.epoch, e.xid, e.seq limit 1);
  before timestamptz := least(first_day, first_rest, plimsoll.now()) - interval '1 day';
  pruned integer;
begin
  if not exists (select from plimsoll.vault_keys k where k.subject <> '' and not k.is_current and not k.lasting and k.made_at < before) then
    return 0;
  end if;
  with aside as materialized (
    select distinct m.found[1]::uuid as key
    from (select p.data from plimsoll.parked_events p union all select d.data from plimsoll.event_dead_letters d
      union all select s.output from plimsoll.saga_steps s where s.kind = 'event') e
    cross join lateral pg_catalog.regexp_matches(e.data, '"\$sealed":"pv1\.([0-9a-f-]{36})\.', 'g') m (found)
  )
  delete from plimsoll.vault_keys k where k.id = any (array(
    select o.id from plimsoll.vault_keys o
    where o.subject <> '' and not o.is_current and not o.lasting and o.made_at < before and not exists (select from aside a where a.key = o.id)
    order by o.made_at limit p_batch for update skip locked));
  get diagnostics pruned = row_count;
  return pruned;
end $$;
