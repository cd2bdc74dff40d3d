create or replace function plimsoll.dead_letter_reason(p_rescues integer, p_ends integer) returns text
  language sql immutable set search_path = ''
  as $$
  select 'Its worker was lost ' || p_rescues || ' times while it had this task, the last ' || p_rescues - 2 || ' times with no other task beside it: '
    || pg_catalog.concat_ws(', ',
      case when p_ends > 0 then p_ends || ' times the process ended or was cut off from the database' end,
      case when p_ends < p_rescues then p_rescues - p_ends || ' times it did not renew its lease, as when its event loop is blocked' end)
    || '.' $$;
