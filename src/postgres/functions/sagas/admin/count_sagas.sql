-- How many sagas of each name and version are in each state. Those that have ended are counted as far as they are kept.
create or replace function plimsoll.count_sagas(p_bound integer) returns table (name text, version integer, state text, count bigint)
  language sql stable security definer set search_path = ''
  as $$
  select s.name, s.version, case when s.lease is not null then 'running' else s.state end, pg_catalog.count(*)
  from (select g.name, g.version, g.lease, g.state from plimsoll.sagas g where g.ended is null limit p_bound) s group by 1, 2, 3 order by 1, 2, 3 $$;
grant execute on function plimsoll.count_sagas to :"app";
