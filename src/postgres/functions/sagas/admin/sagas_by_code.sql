-- The sagas that are under way, by the code that they were started with.
create or replace function plimsoll.sagas_by_code() returns table (name text, version integer, code text, count bigint, names text[])
  language sql stable security definer set search_path = ''
  as $$
  select s.name, s.version, s.code, s.count, c.names
  from (select g.name, g.version, g.code, pg_catalog.count(*) from plimsoll.sagas g where g.ended is null group by 1, 2, 3) s
  left join plimsoll.saga_code c on c.name = s.name and c.version = s.version and c.digest = s.code order by 1, 2, 3 $$;
grant execute on function plimsoll.sagas_by_code to :"app";
