-- How many tasks a claim may take, and of which names (null: of all): none where the queue is paused, and no more than its rate allows, of which the
-- tokens are returned. Called by claim_tasks, under its settings.
create or replace function plimsoll.begin_claim(
  p_token bigint, p_queue text, p_limit integer, p_max_per_key integer, p_rate double precision, p_burst double precision,
  out room integer, out tokens double precision, out known text[]
)
  language plpgsql volatile
  as $$
declare
  is_paused boolean;
begin
  -- A claim that a crash of the server forgets was never made: nothing is lost by not waiting for the disk.
  perform pg_catalog.set_config('synchronous_commit', 'off', true);
  -- Held until the commit, so that a worker that rescues the tasks of this one waits for it, and sees what it claims.
  select w.names into known from plimsoll.task_workers w where w.token = p_token for key share;
  if not found then
    raise exception 'the lease of this worker is lost' using errcode = 'PL001';
  end if;
  room := p_limit;
  if p_rate is not null then
    insert into plimsoll.task_queues (queue, tokens) values (p_queue, p_burst) on conflict do nothing;
    select q.paused, least(p_burst, q.tokens + p_rate * greatest(0, extract(epoch from plimsoll.now() - q.refilled_at)))
      into is_paused, tokens from plimsoll.task_queues q where q.queue = p_queue for update;
    room := least(room, floor(tokens)::integer);
  else
    select q.paused into is_paused from plimsoll.task_queues q where q.queue = p_queue;
  end if;
  if is_paused then
    room := 0;
  elsif room > 0 and p_max_per_key is not null then
    -- The running tasks of a fairness key are counted next: two claims that count at the same time would both find room.
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('plimsoll.tasks ' || p_queue, 0));
  end if;
end $$;
