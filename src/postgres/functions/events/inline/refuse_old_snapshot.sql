-- A snapshot that is kept for the whole transaction may be of before a projection went live. Then the transaction is refused, and runs again with a later one.
create or replace function plimsoll.refuse_old_snapshot() returns void
  language plpgsql volatile set search_path = ''
  as $$
begin
  if pg_catalog.current_setting('transaction_isolation') <> 'read committed' then
    perform from plimsoll.inline_changes for share;
  end if;
end $$;
