-- Returns, with its commit, when everything that was committed before is on the disk: it writes a record of its own, and waits for that.
create or replace function plimsoll.flush() returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform pg_catalog.pg_logical_emit_message(true, 'plimsoll', '');
end $$;
grant execute on function plimsoll.flush to :"app";
