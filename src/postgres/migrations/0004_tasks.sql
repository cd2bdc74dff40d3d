-- Durable tasks. Rows are inserted, leased to a worker, and deleted when they are done; docs/decisions/0011-how-tasks-are-stored.md says why so.
--
-- The table is cut into slots that are filled one after the other. A slot that has been emptied is truncated, which gives its space back whatever
-- old transaction is still open: vacuum could not. What waits for a later time lies apart, so that it keeps no slot from being emptied.
create table plimsoll.tasks (
  slot smallint not null,
  id uuid not null,
  name text not null,
  queue text not null,
  -- Lanes of a queue are served in turn, in the order of their bytes: workers, whatever language the database speaks, know it too.
  lane text collate "C" not null,
  -- Where it stands in its lane: when it became due, a minute earlier for each step of priority. Milliseconds since the epoch, durable time.
  rank bigint not null,
  priority smallint not null default 0,
  -- When it first became due.
  born bigint not null,
  -- The token of the worker that has it.
  lease bigint,
  attempt smallint not null default 0,
  -- How often a worker died while it had it.
  rescues smallint not null default 0,
  -- Whether it counts towards a limit of its lane while it is leased.
  capped boolean not null default false,
  key uuid,
  input text not null,
  context text
) partition by list (slot);
create table plimsoll.tasks_0 partition of plimsoll.tasks for values in (0);
create table plimsoll.tasks_1 partition of plimsoll.tasks for values in (1);
create table plimsoll.tasks_2 partition of plimsoll.tasks for values in (2);
create table plimsoll.tasks_3 partition of plimsoll.tasks for values in (3);
-- The only index that every task is written to, once: a lease takes it out, and a completion finds its row by its place.
create index on plimsoll.tasks (queue, lane, rank) where lease is null;
create index on plimsoll.tasks (queue, lane) where lease is not null and capped;

create table plimsoll.task_slots (
  only_row boolean primary key default true check (only_row),
  current smallint not null default 0,
  -- Somebody holds a lock on a slot for long: until then nobody asks for it again.
  empty_after timestamptz not null default '-infinity'
);
insert into plimsoll.task_slots default values;

create table plimsoll.task_later (
  id uuid primary key,
  due bigint not null,
  name text not null,
  queue text not null,
  lane text not null,
  priority smallint not null default 0,
  born bigint not null,
  attempt smallint not null,
  rescues smallint not null,
  capped boolean not null,
  key uuid,
  input text not null,
  context text
);
create index task_later_due on plimsoll.task_later (due);

create table plimsoll.task_dead (
  id uuid primary key,
  died bigint not null,
  name text not null,
  queue text not null,
  lane text not null,
  priority smallint not null default 0,
  born bigint not null,
  attempt smallint not null,
  rescues smallint not null,
  capped boolean not null,
  key uuid,
  input text not null,
  context text,
  code text not null,
  reason text not null
);
create index task_dead_by_time on plimsoll.task_dead (died);
create index task_dead_by_name on plimsoll.task_dead (name, died);

-- What is kept of completed tasks where somebody asks for it.
create table plimsoll.task_done (
  id uuid not null,
  done bigint not null,
  name text not null,
  born bigint not null,
  attempt smallint not null
);
create index task_done_by_time on plimsoll.task_done using brin (done);

-- A key stands for task, tenant and the caller's word; null in expires means for as long as the task is not done.
create table plimsoll.task_keys (
  id uuid primary key,
  task uuid not null,
  input_hash uuid not null,
  expires bigint
);
create index task_keys_expires on plimsoll.task_keys (expires);

create table plimsoll.task_workers (
  token bigint generated always as identity primary key,
  name text not null,
  expires_at timestamptz not null
);

create table plimsoll.task_queues (
  queue text primary key,
  paused boolean not null default false,
  tokens double precision not null default 0,
  refilled_at timestamptz not null default plimsoll.now()
);

create function plimsoll.now_ms() returns bigint
  language sql stable parallel safe
  as $$ select (extract(epoch from plimsoll.now()) * 1000)::bigint $$;

create function plimsoll.start_tasks(
  p_ids uuid[], p_names text[], p_queues text[], p_lanes text[], p_priorities smallint[], p_capped boolean[], p_inputs text[], p_contexts text[]
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  slot smallint := (select s.current from plimsoll.task_slots s);
begin
  insert into plimsoll.tasks (slot, id, name, queue, lane, rank, priority, born, capped, input, context)
  select slot, t.id, t.name, t.queue, t.lane, now_ms - t.priority * 60000, t.priority, now_ms, t.capped, t.input, t.context
  from unnest(p_ids, p_names, p_queues, p_lanes, p_priorities, p_capped, p_inputs, p_contexts)
    as t (id, name, queue, lane, priority, capped, input, context);
end $$;

-- The same for tasks that are alike but for their input. Texts of one line each, joined, cost less to write and to read than arrays of them.
create function plimsoll.start_alike_tasks(
  p_name text, p_queue text, p_lane text, p_priority smallint, p_capped boolean, p_context text, p_ids text, p_inputs text
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  slot smallint := (select s.current from plimsoll.task_slots s);
begin
  insert into plimsoll.tasks (slot, id, name, queue, lane, rank, priority, born, capped, input, context)
  select slot, t.id, p_name, p_queue, p_lane, now_ms - p_priority * 60000, p_priority, now_ms, p_capped, t.input, p_context
  from unnest(pg_catalog.string_to_array(p_ids, ',')::uuid[], pg_catalog.string_to_array(p_inputs, E'\n')) as t (id, input);
end $$;

-- Starts one task with a key or for a later time. Of two that start with one key at the same time the second waits for the first.
create function plimsoll.start_task(
  p_id uuid, p_name text, p_queue text, p_lane text, p_priority smallint, p_capped boolean, p_input text, p_context text,
  p_delay bigint, p_at bigint, p_key uuid, p_hash uuid, p_key_ttl bigint, out id uuid, out state text
)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  due bigint := greatest(now_ms, coalesce(p_at, now_ms + coalesce(p_delay, 0)));
  known record;
begin
  id := p_id;
  state := 'started';
  if p_key is not null then
    insert into plimsoll.task_keys as k (id, task, input_hash, expires)
    values (p_key, p_id, p_hash, due + p_key_ttl)
    on conflict on constraint task_keys_pkey do update
      set task = excluded.task, input_hash = excluded.input_hash, expires = excluded.expires
      where k.expires <= now_ms
    returning k.task into known;
    if not found then
      select k.task, k.input_hash into known from plimsoll.task_keys k where k.id = p_key;
      if not found then
        -- It was done between the two statements, and its key is free again: once more.
        raise exception 'the key of a task was given back meanwhile' using errcode = 'serialization_failure';
      end if;
      id := known.task;
      state := case when known.input_hash = p_hash then 'known' else 'mismatch' end;
      return;
    end if;
  end if;
  if due > now_ms then
    insert into plimsoll.task_later (id, due, name, queue, lane, priority, born, attempt, rescues, capped, key, input, context)
    values (p_id, due, p_name, p_queue, p_lane, p_priority, due, 0, 0, p_capped, p_key, p_input, p_context);
  else
    insert into plimsoll.tasks (slot, id, name, queue, lane, rank, priority, born, capped, key, input, context)
    values ((select s.current from plimsoll.task_slots s), p_id, p_name, p_queue, p_lane, now_ms - p_priority * 60000, p_priority, now_ms, p_capped, p_key,
      p_input, p_context);
  end if;
end $$;

create type plimsoll.claimed_task as (
  slot smallint, place tid, id uuid, name text, lane text, rank bigint, attempt smallint, rescues smallint, input text, context text, lag bigint
);

-- A session keeps the plans of the functions below, and may have made them while a slot was empty: to read the whole of that is cheap then, and a
-- thousand times dearer once it is filled. So the plan that stays right is the only one allowed: by index in order, and by place.

-- Leases up to p_limit tasks of a queue to a worker: of each lane the same share, those after p_after first, and of a lane the longest due first.
create function plimsoll.claim_tasks(
  p_token bigint, p_queue text, p_limit integer, p_after text, p_floor bigint, p_except text[], p_per_lane integer,
  p_rate double precision, p_burst double precision
) returns setof plimsoll.claimed_task
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off rows 500
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  lanes text[];
  lane_at text := p_after;
  next_lane text;
  is_second boolean := false;
  went_round boolean := false;
  share integer;
  room integer := p_limit;
  started_with integer;
  held record;
  part record;
begin
  -- A claim that a crash of the server forgets was never made: nothing is lost by not waiting for the disk.
  perform pg_catalog.set_config('synchronous_commit', 'off', true);
  -- Held until the commit, so that whoever rescues the worker's tasks waits for it, and sees what it claims here.
  perform from plimsoll.task_workers w where w.token = p_token for key share;
  if not found then
    raise exception 'the lease of this worker is lost' using errcode = 'PL001';
  end if;
  if p_rate is not null then
    insert into plimsoll.task_queues (queue, tokens) values (p_queue, p_burst) on conflict do nothing;
    select q.paused, least(p_burst, q.tokens + p_rate * greatest(0, extract(epoch from plimsoll.now() - q.refilled_at))) as tokens
      into held from plimsoll.task_queues q where q.queue = p_queue for update;
    room := least(room, floor(held.tokens)::integer);
  else
    select q.paused, 0::double precision as tokens into held from plimsoll.task_queues q where q.queue = p_queue;
  end if;
  if coalesce(held.paused, false) or room <= 0 then
    return;
  end if;
  started_with := room;
  if p_per_lane is not null then
    -- Who runs is counted below: two that count at the same time would both find room.
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('plimsoll.tasks ' || p_queue, 0));
  end if;
  -- A few lanes at a time, one look at the index for each: those behind p_after first, then from the first one on. Lanes of which nothing can be taken
  -- are no reason to end before all were looked at: whoever waits behind them must not wait for them.
  while room > 0 and not went_round loop
    lanes := '{}';
    while pg_catalog.cardinality(lanes) < least(64, room) loop
      if lane_at is null then
        select t.lane into next_lane from plimsoll.tasks t
          where t.queue = p_queue and t.lease is null and t.rank >= p_floor order by t.lane limit 1;
      else
        select t.lane into next_lane from plimsoll.tasks t
          where t.queue = p_queue and t.lease is null and t.lane > lane_at and t.rank >= p_floor order by t.lane limit 1;
      end if;
      if found and not (is_second and next_lane > p_after collate "C") then
        lane_at := next_lane;
        if p_per_lane is null or p_per_lane > (
          select count(*) from plimsoll.tasks r where r.queue = p_queue and r.lane = next_lane and r.lease is not null and r.capped)
        then
          lanes := lanes || next_lane;
        end if;
      elsif is_second or p_after is null then
        went_round := true;
        exit;
      else
        is_second := true;
        lane_at := null;
      end if;
    end loop;
    continue when lanes = '{}';
    share := room / pg_catalog.cardinality(lanes);
    -- By slot: a row that is named by its slot and its place is found without looking anywhere else.
    for part in
      select p.slot, pg_catalog.array_agg(p.ctid) as places from (
        select p.slot, p.ctid
        from unnest(lanes) as l (lane)
        cross join lateral (
          select t.slot, t.ctid from plimsoll.tasks t
          where t.queue = p_queue and t.lane = l.lane and t.lease is null and t.rank >= p_floor and not (t.name = any (p_except))
          order by t.rank
          limit case when p_per_lane is null then share else least(share, greatest(0, p_per_lane - (
            select count(*) from plimsoll.tasks r where r.queue = p_queue and r.lane = l.lane and r.lease is not null and r.capped))) end
          for update skip locked
        ) p
        limit room
      ) p group by p.slot
    loop
      return query
        update plimsoll.tasks t set lease = p_token, attempt = t.attempt + 1, capped = p_per_lane is not null
        where t.slot = part.slot and t.ctid = any (part.places)
        returning t.slot, t.ctid, t.id, t.name, t.lane, t.rank, t.attempt, t.rescues, t.input, t.context, now_ms - t.born;
      room := room - pg_catalog.cardinality(part.places);
    end loop;
  end loop;
  if p_rate is not null then
    -- Time that somebody else has counted already is not counted again by whoever was asked before and waited.
    update plimsoll.task_queues q set tokens = held.tokens - (started_with - room), refilled_at = greatest(q.refilled_at, plimsoll.now())
      where q.queue = p_queue;
  end if;
end $$;

-- Every way out of a lease is fenced: a row that was leased to somebody else meanwhile stays as it is, and is not counted.
create function plimsoll.complete_tasks(p_token bigint, p_slot smallint, p_places tid[], p_keep boolean) returns integer
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
    from plimsoll.tasks t where t.slot = p_slot and t.ctid = any (p_places) and t.lease = p_token;
  end if;
  with gone as (
    delete from plimsoll.tasks t where t.slot = p_slot and t.ctid = any (p_places) and t.lease = p_token returning t.id, t.key
  )
  select count(*), pg_catalog.array_agg(g.key) filter (where g.key is not null), pg_catalog.array_agg(g.id) filter (where g.key is not null)
    into done, keys, ids from gone g;
  if keys is not null then
    delete from plimsoll.task_keys k where k.id = any (keys) and k.task = any (ids) and k.expires is null;
  end if;
  return done;
end $$;

-- Completes one task inside a transaction of its handler, or undoes that transaction.
create function plimsoll.complete_task(p_token bigint, p_slot smallint, p_place tid, p_keep boolean) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  if plimsoll.complete_tasks(p_token, p_slot, array[p_place], p_keep) <> 1 then
    raise exception 'the lease of this task is lost' using errcode = 'PL001';
  end if;
end $$;

-- Puts tasks back: at once, or after a delay. p_spent: whether the attempt counts.
create function plimsoll.retry_tasks(
  p_token bigint, p_slots smallint[], p_places tid[], p_delays bigint[], p_spent boolean[], p_contexts text[]
) returns integer
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
  moved integer;
begin
  with gone as (
    delete from plimsoll.tasks t using unnest(p_slots, p_places, p_delays, p_spent, p_contexts) as r (slot, place, delay, spent, context)
    where t.slot = r.slot and t.ctid = r.place and t.lease = p_token
    returning t.*, r.delay, r.spent, r.context as new_context
  ), later as (
    insert into plimsoll.task_later (id, due, name, queue, lane, priority, born, attempt, rescues, capped, key, input, context)
    select g.id, now_ms + g.delay, g.name, g.queue, g.lane, g.priority, g.born, g.attempt - case when g.spent then 0 else 1 end, 0, g.capped, g.key, g.input, g.new_context
    from gone g where g.delay > 0
  ), again as (
    insert into plimsoll.tasks (slot, id, name, queue, lane, rank, priority, born, attempt, capped, key, input, context)
    select (select s.current from plimsoll.task_slots s), g.id, g.name, g.queue, g.lane, g.rank, g.priority, g.born, g.attempt - case when g.spent then 0 else 1 end,
      g.capped, g.key, g.input, g.new_context
    from gone g where g.delay <= 0
  )
  select count(*) into moved from gone;
  return moved;
end $$;

create function plimsoll.bury_tasks(
  p_token bigint, p_slots smallint[], p_places tid[], p_codes text[], p_reasons text[], p_contexts text[]
) returns integer
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
declare
  moved integer;
begin
  with gone as (
    delete from plimsoll.tasks t using unnest(p_slots, p_places, p_codes, p_reasons, p_contexts) as r (slot, place, code, reason, context)
    where t.slot = r.slot and t.ctid = r.place and t.lease = p_token
    returning t.*, r.code, r.reason, r.context as new_context
  ), freed as (
    delete from plimsoll.task_keys k using gone where gone.key is not null and k.id = gone.key and k.task = gone.id and k.expires is null
  ), buried as (
    insert into plimsoll.task_dead (id, died, name, queue, lane, priority, born, attempt, rescues, capped, key, input, context, code, reason)
    select g.id, plimsoll.now_ms(), g.name, g.queue, g.lane, g.priority, g.born, g.attempt, g.rescues, g.capped, g.key, g.input, g.new_context, g.code, g.reason from gone g
  )
  select count(*) into moved from gone;
  return moved;
end $$;

-- Gives back, untouched, what was not begun.
create function plimsoll.give_back_tasks(p_token bigint, p_slots smallint[], p_places tid[]) returns integer
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
declare
  given integer;
begin
  update plimsoll.tasks t set lease = null, attempt = t.attempt - 1
  from unnest(p_slots, p_places) as r (slot, place)
  where t.slot = r.slot and t.ctid = r.place and t.lease = p_token;
  get diagnostics given = row_count;
  return given;
end $$;

create function plimsoll.join_workers(p_name text, p_lease_ms integer) returns bigint
  language sql volatile security definer set search_path = ''
  as $$
  insert into plimsoll.task_workers (name, expires_at)
  values (p_name, plimsoll.now() + p_lease_ms * interval '1 millisecond') returning token $$;

-- A worker leaves in order: what it still has is given back without counting as a crash.
-- First the worker, which waits for a claim of it that is on its way: what that takes is given back as well, and nobody would rescue it later.
create function plimsoll.leave_workers(p_token bigint) returns void
  language sql volatile security definer set search_path = ''
  as $$
  delete from plimsoll.task_workers where token = p_token;
  update plimsoll.tasks set lease = null, attempt = attempt - 1 where lease = p_token $$;

-- Takes the tasks of workers whose lease has ended away from them, for anybody to claim. Those that took too many workers with them are buried;
-- before that, those whose worker died three times come again at different times, so that a task that kills is not buried with all that were beside it.
create function plimsoll.rescue_tasks(p_rescues integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  lost bigint[];
  rescued integer := 0;
  apart integer := 0;
begin
  with expired as (
    select w.token from plimsoll.task_workers w where w.expires_at <= plimsoll.now() for update skip locked
  ), gone as (
    delete from plimsoll.task_workers w using expired where w.token = expired.token returning w.token
  )
  select pg_catalog.array_agg(g.token) into lost from gone g;
  if lost is null then
    return 0;
  end if;
  with gone as (
    delete from plimsoll.tasks t where t.lease = any (lost) and t.rescues + 1 >= p_rescues returning t.*
  ), freed as (
    delete from plimsoll.task_keys k using gone where gone.key is not null and k.id = gone.key and k.task = gone.id and k.expires is null
  )
  insert into plimsoll.task_dead (id, died, name, queue, lane, priority, born, attempt, rescues, capped, key, input, context, code, reason)
  select g.id, plimsoll.now_ms(), g.name, g.queue, g.lane, g.priority, g.born, g.attempt, g.rescues + 1, g.capped, g.key, g.input, g.context, 'internal',
    'Its process ended ' || (g.rescues + 1) || ' times while it ran.'
  from gone g;
  -- Which of those that were there together took their worker with it shows when they come apart from each other.
  with gone as (
    delete from plimsoll.tasks t where t.lease = any (lost) and t.rescues >= 2 returning t.*
  )
  insert into plimsoll.task_later (id, due, name, queue, lane, priority, born, attempt, rescues, capped, key, input, context)
  select g.id, plimsoll.now_ms() + (pg_catalog.random() * 10000 * (g.rescues - 1))::bigint, g.name, g.queue, g.lane, g.priority, g.born, g.attempt - 1,
    g.rescues + 1, g.capped, g.key, g.input, g.context
  from gone g;
  get diagnostics apart = row_count;
  update plimsoll.tasks t set lease = null, rescues = t.rescues + 1, attempt = t.attempt - 1 where t.lease = any (lost);
  get diagnostics rescued = row_count;
  return rescued + apart;
end $$;

-- Moves what has become due to where it can be claimed.
create function plimsoll.promote_tasks(p_limit integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  promoted integer;
begin
  with due as (
    delete from plimsoll.task_later l
    where l.id = any (array(
      select d.id from plimsoll.task_later d where d.due <= plimsoll.now_ms() order by d.due limit p_limit for update skip locked))
    returning l.*
  )
  insert into plimsoll.tasks (slot, id, name, queue, lane, rank, priority, born, attempt, rescues, capped, key, input, context)
  select (select s.current from plimsoll.task_slots s), d.id, d.name, d.queue, d.lane, d.due - d.priority * 60000, d.priority, d.born, d.attempt, d.rescues, d.capped, d.key,
    d.input, d.context
  from due d;
  get diagnostics promoted = row_count;
  return promoted;
end $$;

-- Truncates a slot in which nothing is left. Null where its lock cannot be had soon.
--
-- The lock is waited for as long as a claim may hold it, and no longer: whoever comes after waits behind this. Never to wait would not do, since
-- under load somebody nearly always has it. A transaction that writes tasks holds a lock that excludes this one until it ends, so that what is
-- seen here is all there is.
create function plimsoll.empty_slot(p_slot smallint) returns boolean
  language plpgsql volatile security definer set search_path = '' set lock_timeout = '50ms'
  as $$
declare
  part text := 'plimsoll.tasks_' || p_slot;
  left_over boolean;
begin
  -- With one snapshot for both looks, what was committed between them would be thrown away unseen.
  if pg_catalog.current_setting('transaction_isolation') <> 'read committed' then
    return false;
  end if;
  -- Most often one look is enough to see that it must wait.
  execute pg_catalog.format('select exists (select from %s)', part) into left_over;
  if left_over then
    return false;
  end if;
  execute pg_catalog.format('lock table %s in access exclusive mode', part);
  execute pg_catalog.format('select exists (select from %s)', part) into left_over;
  if left_over then
    return false;
  end if;
  execute pg_catalog.format('truncate %s', part);
  return true;
exception when lock_not_available then
  return null;
end $$;

-- Empties slots that are filled no more, and fills another once the current one is large. Where none is free, what waits in the oldest is moved on, a
-- bounded number at a time.
create function plimsoll.rotate_tasks(p_bytes bigint, p_batch integer) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  held record;
  other smallint;
  free smallint;
  filled smallint[] := '{}';
  emptied boolean;
  is_full boolean;
begin
  select s.current, s.empty_after into held from plimsoll.task_slots s;
  is_full := pg_catalog.pg_relation_size(('plimsoll.tasks_' || held.current)::pg_catalog.regclass) >= p_bytes;
  for step in 1..3 loop
    other := (held.current + step) % 4;
    if pg_catalog.pg_relation_size(('plimsoll.tasks_' || other)::pg_catalog.regclass) > 0 then
      filled := filled || other;
    else
      free := coalesce(free, other);
    end if;
  end loop;
  if not is_full and filled = '{}' then
    return false;
  end if;
  -- One worker does it at a time.
  perform from plimsoll.task_slots s where s.current = held.current for update skip locked;
  if not found then
    return false;
  end if;
  if is_full and free is null then
    other := filled[1];
    update plimsoll.tasks t set slot = held.current
    where t.slot = other and t.ctid = any (array(
      select m.ctid from plimsoll.tasks m where m.slot = other and m.lease is null order by m.queue, m.lane, m.rank limit p_batch for update skip locked));
  end if;
  if held.empty_after <= plimsoll.now() then
    foreach other in array filled loop
      emptied := plimsoll.empty_slot(other);
      if emptied is null then
        update plimsoll.task_slots set empty_after = plimsoll.now() + interval '4 seconds';
        exit;
      end if;
      free := case when emptied then coalesce(free, other) else free end;
    end loop;
  end if;
  if not is_full or free is null then
    return false;
  end if;
  update plimsoll.task_slots set current = free;
  return true;
end $$;

-- One statement does all that a worker does regularly. asleep: there is nothing to claim in its queues; next_due: when there may be something.
create function plimsoll.tick_worker(
  p_token bigint, p_lease_ms integer, p_renew boolean, p_queues text[], p_rescues integer, p_batch integer, p_slot_bytes bigint,
  out alive boolean, out rescued integer, out promoted integer, out waiting text[], out next_due_ms bigint
)
  language plpgsql volatile security definer set search_path = ''
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
  as $$
begin
  if p_renew then
    update plimsoll.task_workers w set expires_at = plimsoll.now() + p_lease_ms * interval '1 millisecond' where w.token = p_token;
    alive := found;
  else
    alive := exists (select from plimsoll.task_workers w where w.token = p_token);
  end if;
  rescued := plimsoll.rescue_tasks(p_rescues);
  promoted := plimsoll.promote_tasks(p_batch);
  perform plimsoll.rotate_tasks(p_slot_bytes, p_batch);
  waiting := array(
    select q.queue from unnest(p_queues) as q (queue)
    where exists (select from plimsoll.tasks t where t.queue = q.queue and t.lease is null));
  select l.due - plimsoll.now_ms() into next_due_ms from plimsoll.task_later l order by l.due limit 1;
end $$;

-- Deletes, a bounded batch at a time, keys that have expired and what is kept of completed tasks for too long.
create function plimsoll.expire_tasks(p_batch integer, p_done_ms bigint, p_dead_ms bigint) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  n integer;
  total integer := 0;
begin
  delete from plimsoll.task_keys k where k.id = any (array(
    select e.id from plimsoll.task_keys e where e.expires <= plimsoll.now_ms() order by e.expires limit p_batch for update skip locked));
  get diagnostics n = row_count;
  total := n;
  delete from plimsoll.task_done d where d.ctid = any (array(
    select e.ctid from plimsoll.task_done e where e.done <= plimsoll.now_ms() - p_done_ms limit p_batch for update skip locked));
  get diagnostics n = row_count;
  total := greatest(total, n);
  delete from plimsoll.task_dead d where d.id = any (array(
    select e.id from plimsoll.task_dead e where e.died <= plimsoll.now_ms() - p_dead_ms order by e.died limit p_batch for update skip locked));
  get diagnostics n = row_count;
  return greatest(total, n);
end $$;

-- What waits in each queue, counted up to a bound.
create function plimsoll.task_stats(p_queues text[], p_bound integer)
  returns table (queue text, waiting bigint, running bigint, later bigint, dead bigint, lag_ms bigint, paused boolean)
  language sql volatile security definer set search_path = ''
  as $$
  select q.queue,
    (select count(*) from (select from plimsoll.tasks t where t.queue = q.queue and t.lease is null limit p_bound) w),
    (select count(*) from (select from plimsoll.tasks t where t.queue = q.queue and t.lease is not null limit p_bound) r),
    (select count(*) from (select from plimsoll.task_later l where l.queue = q.queue limit p_bound) l),
    (select count(*) from (select from plimsoll.task_dead d where d.queue = q.queue limit p_bound) d),
    coalesce((select plimsoll.now_ms() - min(t.rank) from (
      select x.rank from plimsoll.tasks x where x.queue = q.queue and x.lease is null limit p_bound) t), 0),
    coalesce((select s.paused from plimsoll.task_queues s where s.queue = q.queue), false)
  from unnest(p_queues) as q (queue) $$;

create function plimsoll.dead_tasks(p_name text, p_limit integer)
  returns table (id uuid, died bigint, name text, queue text, born bigint, attempt smallint, rescues smallint, code text, reason text, context text)
  language sql stable security definer set search_path = ''
  as $$
  select d.id, d.died, d.name, d.queue, d.born, d.attempt, d.rescues, d.code, d.reason, d.context
  from plimsoll.task_dead d where p_name is null or d.name = p_name order by d.died desc limit p_limit $$;

-- Gives dead letters a new life: one by its id, or all of a name up to a bound.
create function plimsoll.revive_tasks(p_id uuid, p_name text, p_limit integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  revived integer;
begin
  with gone as (
    delete from plimsoll.task_dead d where d.id = any (array(
      select x.id from plimsoll.task_dead x
      where (p_id is null or x.id = p_id) and (p_name is null or x.name = p_name) order by x.died limit p_limit for update skip locked))
    returning d.*
  )
  insert into plimsoll.tasks (slot, id, name, queue, lane, rank, priority, born, capped, key, input, context)
  select (select s.current from plimsoll.task_slots s), g.id, g.name, g.queue, g.lane, plimsoll.now_ms() - g.priority * 60000, g.priority, plimsoll.now_ms(), g.capped, g.key, g.input, g.context
  from gone g;
  get diagnostics revived = row_count;
  return revived;
end $$;

-- Its workers are told, so that they give back what they have not begun.
create function plimsoll.pause_tasks(p_queue text, p_paused boolean) returns void
  language sql volatile security definer set search_path = ''
  as $$
  insert into plimsoll.task_queues (queue, paused) values (p_queue, p_paused)
  on conflict (queue) do update set paused = excluded.paused;
  select pg_catalog.pg_notify('plimsoll_tasks', 'pause ' || p_queue) where p_paused $$;

-- Cancels what has not begun. state: cancelled, running (its worker is told), or unknown.
create function plimsoll.cancel_task(p_id uuid, out state text)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  gone record;
begin
  delete from plimsoll.task_later l where l.id = p_id returning l.key into gone;
  if not found then
    delete from plimsoll.tasks t where t.id = p_id and t.lease is null returning t.key into gone;
  end if;
  if found then
    delete from plimsoll.task_keys k where k.id = gone.key and k.task = p_id and k.expires is null;
    state := 'cancelled';
  elsif exists (select from plimsoll.tasks t where t.id = p_id) then
    perform pg_catalog.pg_notify('plimsoll_tasks', 'cancel ' || p_id);
    state := 'running';
  else
    state := 'unknown';
  end if;
end $$;

create function plimsoll.task_state(p_id uuid) returns text
  language sql stable security definer set search_path = ''
  as $$
  select coalesce(
    (select case when t.lease is null then 'available' else 'running' end from plimsoll.tasks t where t.id = p_id),
    (select case when l.attempt > 0 then 'retryable' else 'scheduled' end from plimsoll.task_later l where l.id = p_id),
    (select 'discarded' from plimsoll.task_dead d where d.id = p_id),
    (select 'completed' from plimsoll.task_done d where d.id = p_id),
    'unknown') $$;

-- What a worker asks after an answer was lost on its way.

-- Which of these tasks it still has: a place may hold another task by now.
create function plimsoll.held_tasks(p_token bigint, p_slots smallint[], p_places tid[], p_ids uuid[]) returns uuid[]
  language sql stable security definer set search_path = ''
  as $$
  select coalesce(pg_catalog.array_agg(t.id), '{}')
  from unnest(p_slots, p_places, p_ids) as h (slot, place, id)
  join plimsoll.tasks t on t.slot = h.slot and t.ctid = h.place and t.id = h.id and t.lease = p_token $$;

-- Gives back what a claim took whose answer never came: what is leased to the worker and not among those that it knows of.
create function plimsoll.reclaim_tasks(p_token bigint, p_queue text, p_known uuid[]) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  given integer;
begin
  update plimsoll.tasks t set lease = null, attempt = t.attempt - 1
  where t.lease = p_token and t.queue = p_queue and not (t.id = any (p_known));
  get diagnostics given = row_count;
  return given;
end $$;
