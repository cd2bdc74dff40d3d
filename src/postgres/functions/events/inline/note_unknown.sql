-- Of record_events: a transaction emits events of projections that its code does not know, as in a deploy that is under way. Those that are live miss an event now,
-- and are to be made again; the others go live later.
create or replace function plimsoll.note_unknown(p_names text[], p_known text[]) returns void
  language plpgsql volatile set search_path = ''
  as $$
begin
  update plimsoll.inline_projections i set unknown_at = plimsoll.now(), state = case i.state when 'live' then 'stale' else i.state end
  where i.events && p_names and not i.name = any (p_known) and (i.state = 'live' or i.unknown_at < plimsoll.now() - interval '1 second');
end $$;
