-- Drops a partition of the log if every subscription has read what is in it. Returns whether it did.
create or replace function plimsoll.drop_event_partition(p_partition text) returns boolean
  language plpgsql volatile set search_path = '' set lock_timeout = '200ms'
  as $$
declare
  last plimsoll.event_position;
begin
  execute pg_catalog.format('lock table plimsoll.%I in access exclusive mode', p_partition);
  execute pg_catalog.format('select e.epoch, e.xid, e.seq from plimsoll.%I e order by e.epoch desc, e.xid desc, e.seq desc limit 1', p_partition) into last;
  if last.epoch is not null and not plimsoll.is_event_read(last.epoch, last.xid, last.seq) then
    return false;
  end if;
  execute pg_catalog.format(
    'select plimsoll.note_event_cut(l.name, l.epoch, l.xid, l.seq, l.recorded_at) from (
       select distinct on (e.name) e.name, e.epoch, e.xid, e.seq, pg_catalog.max(e.recorded_at) over (partition by e.name) as recorded_at
       from plimsoll.%I e order by e.name, e.epoch desc, e.xid desc, e.seq desc) l', p_partition);
  execute pg_catalog.format('drop table plimsoll.%I', p_partition);
  return true;
exception when lock_not_available or undefined_table then
  return false;
end $$;
