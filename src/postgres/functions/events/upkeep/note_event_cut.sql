-- Notes up to where events of a name leave the log.
create or replace function plimsoll.note_event_cut(p_name text, p_epoch integer, p_xid xid8, p_seq bigint, p_recorded_at timestamptz) returns void
  language sql volatile set search_path = ''
  as $$
  insert into plimsoll.event_cuts as c (name, epoch, xid, seq, recorded_at) values (p_name, p_epoch, p_xid, p_seq, p_recorded_at)
  on conflict (name) do update set
    epoch = (greatest(row (c.epoch, c.xid, c.seq)::plimsoll.event_position, row (excluded.epoch, excluded.xid, excluded.seq)::plimsoll.event_position)).epoch,
    xid = (greatest(row (c.epoch, c.xid, c.seq)::plimsoll.event_position, row (excluded.epoch, excluded.xid, excluded.seq)::plimsoll.event_position)).xid,
    seq = (greatest(row (c.epoch, c.xid, c.seq)::plimsoll.event_position, row (excluded.epoch, excluded.xid, excluded.seq)::plimsoll.event_position)).seq,
    recorded_at = greatest(c.recorded_at, excluded.recorded_at) $$;
