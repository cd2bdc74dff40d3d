-- Leases up to p_limit tasks of a queue to a worker: the same share of each fairness key, those after p_after first, and of each the longest due first.
--
-- A session keeps the plans of this function and of those that it calls, and may have made them while a partition was empty: to read all of it is cheap
-- then, and a thousand times dearer once it is filled. So the plan that stays right is the only one allowed: by index in order, and by place.
--
-- Whether the queue is paused is asked again in the snapshot in which tasks are picked: a claim that began before the pause may see what was started after.
create or replace function plimsoll.claim_tasks(
  p_token bigint, p_queue text, p_limit integer, p_after text, p_floor bigint, p_except text[], p_max_per_key integer,
  p_rate double precision, p_burst double precision
) returns setof plimsoll.claimed_task
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off rows 500
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  held record := plimsoll.begin_claim(p_token, p_queue, p_limit, p_max_per_key, p_rate, p_burst);
  room integer := held.room;
  walk plimsoll.fairness_walk := ('{}', '{}', p_after, false, false);
  share integer;
  part record;
begin
  -- A few fairness keys at a time, one look at the index for each: those behind p_after first, then from the first one on. It goes on past keys of which
  -- nothing can be taken, so that the tasks behind them do not wait for them.
  while room > 0 and not walk.is_over loop
    walk := plimsoll.next_claimable_keys(p_queue, p_floor, p_after, held.known, p_except, p_max_per_key, room, walk);
    continue when walk.keys = '{}';
    share := room / pg_catalog.cardinality(walk.keys);
    -- By partition: a row that is named by its partition and its place is found without looking anywhere else.
    for part in select p.partition, pg_catalog.array_agg(p.ctid) as places from (
        select p.partition, p.ctid
        from unnest(walk.keys, walk.ranks) as l (fairness_key, rank)
        cross join lateral (
          select t.partition, t.ctid from plimsoll.tasks t
          where t.queue = p_queue and t.fairness_key = l.fairness_key and t.lease is null and t.rank >= l.rank and not (t.name = any (p_except))
            and (held.known is null or t.name = any (held.known))
          order by t.rank
          limit case when p_max_per_key is null then share else least(share, greatest(0, p_max_per_key - (
            select count(*) from plimsoll.tasks r where r.queue = p_queue and r.fairness_key = l.fairness_key and r.lease is not null and r.capped))) end
          for update skip locked
        ) p
        where not exists (select from plimsoll.task_queues q where q.queue = p_queue and q.paused) limit room
      ) p group by p.partition
    loop
      return query
        update plimsoll.tasks t set lease = p_token, attempt = t.attempt + 1, capped = p_max_per_key is not null
        where t.partition = part.partition and t.ctid = any (part.places)
        returning t.partition, t.ctid, t.id, t.name, t.fairness_key, t.rank, t.attempt, t.rescues, t.input, t.context, now_ms - t.born;
      room := room - pg_catalog.cardinality(part.places);
    end loop;
  end loop;
  if p_rate is not null and held.room > 0 then
    perform plimsoll.count_claimed(p_queue, held.tokens - (held.room - room));
  end if;
end $$;
grant execute on function plimsoll.claim_tasks to :"app";
