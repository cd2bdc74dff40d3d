-- The next fairness keys that have room and a waiting task of a known name that is not excepted, with the rank of the first of these: as many as there is
-- room for tasks, and at most 64. After the last key the walk goes on from the first up to p_after, behind which it began. The names are looked at here:
-- a claim does not stop at each fairness key of tasks that its worker does not know. Called by claim_tasks, under its settings.
create or replace function plimsoll.next_claimable_keys(
  p_queue text, p_floor bigint, p_after text, p_known text[], p_except text[], p_max_per_key integer, p_room integer,
  p_walk plimsoll.fairness_walk
) returns plimsoll.fairness_walk
  language plpgsql volatile
  as $$
declare
  keys text[] := '{}';
  key_at text := p_walk.key_at;
  is_second boolean := p_walk.is_second;
  next_key text;
  ranks bigint[] := '{}';
  next_rank bigint;
begin
  while pg_catalog.cardinality(keys) < least(64, p_room) loop
    if key_at is null then
      select t.fairness_key, t.rank into next_key, next_rank from plimsoll.tasks t
        where t.queue = p_queue and t.lease is null and t.rank >= p_floor
          and (p_known is null or t.name = any (p_known)) and not (t.name = any (p_except))
        order by t.fairness_key, t.rank limit 1;
    else
      select t.fairness_key, t.rank into next_key, next_rank from plimsoll.tasks t
        where t.queue = p_queue and t.lease is null and t.fairness_key > key_at and t.rank >= p_floor
          and (p_known is null or t.name = any (p_known)) and not (t.name = any (p_except))
        order by t.fairness_key, t.rank limit 1;
    end if;
    if found and not (is_second and next_key > p_after collate "C") then
      key_at := next_key;
      if p_max_per_key is null or p_max_per_key > (
        select count(*) from plimsoll.tasks r where r.queue = p_queue and r.fairness_key = next_key and r.lease is not null and r.capped)
      then
        keys := keys || next_key;
        ranks := ranks || next_rank;
      end if;
    elsif is_second or p_after is null then
      return (keys, ranks, key_at, is_second, true);
    else
      is_second := true;
      key_at := null;
    end if;
  end loop;
  return (keys, ranks, key_at, is_second, false);
end $$;
