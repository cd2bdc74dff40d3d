-- Schedules: which tick was the last one. The rule by which they tick is code; here it only has to be known whose turn is over.
create table plimsoll.task_schedules (
  name text primary key,
  -- Expression and time zone of the version that started last: others may run beside it, and do not decide any more.
  rule text not null,
  -- The last tick that was fired or passed over, milliseconds since the epoch, durable time.
  last_tick bigint not null,
  paused boolean not null default false,
  -- When somebody last declared it, or it ticked.
  seen bigint not null
);

-- Declares schedules and reads them. What is new, or ticks by another rule from now on, has missed nothing that was before.
create function plimsoll.declare_schedules(p_names text[], p_rules text[], p_keep_ms bigint) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  now_ms bigint := plimsoll.now_ms();
begin
  insert into plimsoll.task_schedules as s (name, rule, last_tick, seen)
  -- In one order everywhere, so that two who declare the same ones do not wait for each other.
  select d.name, d.rule, now_ms, now_ms from unnest(p_names, p_rules) as d (name, rule) order by d.name
  on conflict (name) do update set
    rule = excluded.rule,
    last_tick = case when s.rule = excluded.rule then s.last_tick else greatest(s.last_tick, now_ms) end,
    seen = now_ms;
  delete from plimsoll.task_schedules s
  where s.name = any (array(
    select d.name from plimsoll.task_schedules d
    where d.seen < now_ms - p_keep_ms order by d.name for update skip locked));
end $$;

-- One row for each name, null where there is none, and durable time with each.
create function plimsoll.read_schedules(p_names text[])
  returns table (name text, rule text, last_tick bigint, paused boolean, now_ms bigint)
  language sql stable security definer set search_path = ''
  as $$
  select d.name, s.rule, s.last_tick, s.paused, plimsoll.now_ms()
  from unnest(p_names) as d (name) left join plimsoll.task_schedules s on s.name = d.name $$;

-- Takes the ticks after p_from up to p_to for the caller's transaction, which inserts their tasks. state: fired: they are the caller's; busy: somebody
-- is at it; early: it is not that late; moved: they are somebody's already; otherwise paused, changed or unknown.
create function plimsoll.fire_schedule(
  p_name text, p_rule text, p_from bigint, p_to bigint, out state text, out last_tick bigint, out now_ms bigint
)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  known record;
begin
  now_ms := plimsoll.now_ms();
  -- Nobody waits: who holds it is about to commit, or about to be cut off.
  select s.rule, s.last_tick, s.paused into known from plimsoll.task_schedules s where s.name = p_name for update skip locked;
  if not found then
    state := case when exists (select from plimsoll.task_schedules s where s.name = p_name) then 'busy' else 'unknown' end;
    return;
  end if;
  last_tick := known.last_tick;
  state := case
    when known.rule <> p_rule then 'changed'
    when known.paused then 'paused'
    when known.last_tick <> p_from then 'moved'
    when p_to > now_ms then 'early'
    else 'fired' end;
  if state = 'fired' then
    update plimsoll.task_schedules s set last_tick = p_to, seen = fire_schedule.now_ms where s.name = p_name;
    last_tick := p_to;
  end if;
end $$;

-- What would have ticked during a pause is not missed. False where nobody ever declared it.
create function plimsoll.pause_schedule(p_name text, p_paused boolean) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  update plimsoll.task_schedules s set
    paused = p_paused,
    last_tick = case when s.paused and not p_paused then greatest(s.last_tick, plimsoll.now_ms()) else s.last_tick end
  where s.name = p_name;
  return found;
end $$;
