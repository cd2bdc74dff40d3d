create or replace function plimsoll.dead_letter_leased_tasks(
  p_token bigint, p_partitions smallint[], p_places tid[], p_ids uuid[], p_codes text[], p_reasons text[], p_contexts text[]
) returns integer
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
declare
  moved integer;
begin
  with gone as (
    delete from plimsoll.tasks t using unnest(p_partitions, p_places, p_ids, p_codes, p_reasons, p_contexts) as r (partition, place, id, code, reason, context)
    where t.partition = r.partition and t.ctid = r.place and t.id = r.id and t.lease = p_token
    returning t.*, r.code, r.reason, r.context as new_context
  ), freed as (
    -- A key that holds for a time also holds for a dead letter, which may be requeued. A caller that cancels a task wants its key released.
    delete from plimsoll.task_keys k using gone
    where gone.key is not null and k.id = gone.key and k.task = gone.id and (k.expires is null or gone.code = 'task_cancelled')
    returning k.task, k.input_hash, k.expires
  ), dead_lettered as (
    insert into plimsoll.task_dead_letters (id, died, name, queue, fairness_key, priority, born, attempt, rescues, capped, key, input, context, code, reason, key_hash, key_expires)
    select g.id, plimsoll.now_ms(), g.name, g.queue, g.fairness_key, g.priority, g.born, g.attempt, g.rescues, g.capped, g.key, g.input, g.new_context, g.code, g.reason,
      f.input_hash, f.expires
    from gone g left join freed f on f.task = g.id
  )
  select count(*) into moved from gone;
  return moved;
end $$;
grant execute on function plimsoll.dead_letter_leased_tasks to :"app";
