-- Completes one task inside a transaction of its handler, or undoes that transaction. Where it lay another may lie by now: see complete_tasks_by_id.
create or replace function plimsoll.complete_leased_task(p_token bigint, p_partition smallint, p_place tid, p_id uuid, p_keep boolean) returns void
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
declare
  gone record;
begin
  delete from plimsoll.tasks t where t.partition = p_partition and t.ctid = p_place and t.id = p_id and t.lease = p_token
    returning t.key, t.name, t.born, t.attempt into gone;
  if not found then
    raise exception 'the lease of this task is lost' using errcode = 'PL001';
  end if;
  if p_keep then
    insert into plimsoll.task_done (id, done, name, born, attempt) values (p_id, plimsoll.now_ms(), gone.name, gone.born, gone.attempt);
  end if;
  if gone.key is not null then
    delete from plimsoll.task_keys k where k.id = gone.key and k.task = p_id and k.expires is null;
  end if;
end $$;
grant execute on function plimsoll.complete_leased_task to :"app";
