-- The columns of a table, and which of them are its primary key.
create or replace function plimsoll.describe_projection(p_table text) returns table (name text, is_key boolean)
  language sql stable security definer set search_path = ''
  as $$
  select a.attname::text, exists (select from pg_catalog.pg_index i where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey))
  from pg_catalog.pg_attribute a where a.attrelid = pg_catalog.to_regclass(p_table) and a.attnum > 0 and not a.attisdropped order by a.attnum $$;
grant execute on function plimsoll.describe_projection to :"app";
