-- What would let one tenant see another's rows although every table has its policy. The migration runner asks after each file of a module
-- and keeps nothing of a file that leaves a gap. Where it is meant: comment on … is 'all tenants: why'.
create or replace function plimsoll.tenancy_gaps(p_schema text) returns table (object text, gap text, fix text)
  language sql stable set search_path = ''
  as $$
select * from plimsoll.table_gaps(p_schema)
union all select * from plimsoll.view_gaps(p_schema)
union all select * from plimsoll.function_gaps(p_schema)
$$;
