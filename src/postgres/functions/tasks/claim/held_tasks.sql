-- Which of these tasks it still has: a place may hold another task by now.
create or replace function plimsoll.held_tasks(p_token bigint, p_partitions smallint[], p_places tid[], p_ids uuid[]) returns uuid[]
  language sql stable security definer set search_path = ''
  as $$
  select coalesce(pg_catalog.array_agg(t.id), '{}')
  from unnest(p_partitions, p_places, p_ids) as h (partition, place, id)
  join plimsoll.tasks t on t.partition = h.partition and t.ctid = h.place and t.id = h.id and t.lease = p_token $$;
grant execute on function plimsoll.held_tasks to :"app";
