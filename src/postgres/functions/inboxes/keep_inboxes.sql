-- Deletes the ids of messages, and dead letters, that are older than they are kept, a bounded batch at a time.
create or replace function plimsoll.keep_inboxes(p_ids_ms bigint, p_letters_ms bigint, p_batch integer) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  delete from plimsoll.inbox_messages m where m.ctid = any (array(
    select o.ctid from plimsoll.inbox_messages o where o.received_at < plimsoll.now() - p_ids_ms * interval '1 millisecond'
    order by o.received_at limit p_batch for update skip locked));
  delete from plimsoll.inbox_dead_letters l where l.ctid = any (array(
    select o.ctid from plimsoll.inbox_dead_letters o where o.died < plimsoll.now() - p_letters_ms * interval '1 millisecond'
    order by o.died limit p_batch for update skip locked));
end $$;
grant execute on function plimsoll.keep_inboxes to :"app";
