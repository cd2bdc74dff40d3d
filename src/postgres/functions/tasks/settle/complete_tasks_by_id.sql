-- As complete_tasks, which takes half of the time, where the server may have crashed since the tasks were claimed. The commit of a claim waits for no disk, so that a
-- crash forgets it, and with it where the row lay: another task of the same worker may lie there by now. p_ids: in any order.
create or replace function plimsoll.complete_tasks_by_id(p_token bigint, p_partition smallint, p_places tid[], p_ids uuid[], p_keep boolean) returns integer
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
declare
  done integer := 0;
  place tid;
  gone record;
begin
  foreach place in array p_places loop
    delete from plimsoll.tasks t where t.partition = p_partition and t.ctid = place and t.id = any (p_ids) and t.lease = p_token
      returning t.id, t.key, t.name, t.born, t.attempt into gone;
    continue when not found;
    done := done + 1;
    if p_keep then
      insert into plimsoll.task_done (id, done, name, born, attempt) values (gone.id, plimsoll.now_ms(), gone.name, gone.born, gone.attempt);
    end if;
    if gone.key is not null then
      delete from plimsoll.task_keys k where k.id = gone.key and k.task = gone.id and k.expires is null;
    end if;
  end loop;
  return done;
end $$;
grant execute on function plimsoll.complete_tasks_by_id to :"app";
