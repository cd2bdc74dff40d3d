-- Completes tasks of a worker. A row that was leased to another worker meanwhile stays as it is, and is not counted.
-- Only for a backend that has run since before they were claimed: after a crash of the server others may lie at their places. See complete_tasks_by_id.
create or replace function plimsoll.complete_tasks(p_token bigint, p_partition smallint, p_places tid[], p_keep boolean) returns integer
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
declare
  done integer;
  keys uuid[];
  ids uuid[];
begin
  if p_keep then
    insert into plimsoll.task_done (id, done, name, born, attempt)
    select t.id, plimsoll.now_ms(), t.name, t.born, t.attempt
    from plimsoll.tasks t where t.partition = p_partition and t.ctid = any (p_places) and t.lease = p_token;
  end if;
  with gone as (
    delete from plimsoll.tasks t where t.partition = p_partition and t.ctid = any (p_places) and t.lease = p_token returning t.id, t.key
  )
  select count(*), pg_catalog.array_agg(g.key) filter (where g.key is not null), pg_catalog.array_agg(g.id) filter (where g.key is not null)
    into done, keys, ids from gone g;
  if keys is not null then
    delete from plimsoll.task_keys k where k.id = any (keys) and k.task = any (ids) and k.expires is null;
  end if;
  return done;
end $$;
grant execute on function plimsoll.complete_tasks to :"app";
