-- Releases tasks that were not begun, as if they had not been claimed.
create or replace function plimsoll.release_leased_tasks(p_token bigint, p_partitions smallint[], p_places tid[], p_ids uuid[]) returns integer
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
declare
  released integer;
begin
  update plimsoll.tasks t set lease = null, attempt = t.attempt - 1
  from unnest(p_partitions, p_places, p_ids) as r (partition, place, id)
  where t.partition = r.partition and t.ctid = r.place and t.id = r.id and t.lease = p_token;
  get diagnostics released = row_count;
  return released;
end $$;
grant execute on function plimsoll.release_leased_tasks to :"app";
