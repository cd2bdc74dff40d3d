-- Releases the tasks of workers whose lease has ended, for any worker to claim.
--
-- One of these tasks may have caused the loss of its worker, by ending the process or by blocking its event loop. The first time it is not known which
-- one, nor which of them had begun: to record that for every task would cost as much as the task. From then on all of them are suspects (rescues = 1),
-- and a worker records that it begins a suspect before it does. A suspect that never began is not counted again. One that was rescued twice runs with no
-- other task beside it, and from then on only such runs are counted: no task becomes a dead letter for what another did. Nothing is counted if the
-- server itself was away.
create or replace function plimsoll.rescue_tasks(p_rescues integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  lost record;
  is_ended smallint;
  counts boolean;
  n integer;
  rescued integer := 0;
begin
  for lost in
    delete from plimsoll.task_workers g where g.token = any (array(
      select w.token from plimsoll.task_workers w where w.expires_at <= plimsoll.now() for update skip locked))
    returning g.token, g.channel, g.suspects, g.alone, g.renewed_at
  loop
    -- Its session held this lock for as long as it was there.
    is_ended := case when lost.channel <> '' and pg_catalog.pg_try_advisory_xact_lock_shared(pg_catalog.hashtextextended(lost.channel, 0))
      then 1 else 0 end;
    counts := lost.renewed_at >= pg_catalog.pg_postmaster_start_time();
    if counts and lost.alone then
      with gone as (
        delete from plimsoll.tasks t
        where t.lease = lost.token and t.id = any (lost.suspects) and t.rescues + 1 >= p_rescues
        returning t.*
      ), freed as (
        delete from plimsoll.task_keys k using gone where gone.key is not null and k.id = gone.key and k.task = gone.id and k.expires is null
        returning k.task, k.input_hash, k.expires
      )
      insert into plimsoll.task_dead_letters (id, died, name, queue, fairness_key, priority, born, attempt, rescues, capped, key, input, context, code, reason, key_hash, key_expires)
      select g.id, plimsoll.now_ms(), g.name, g.queue, g.fairness_key, g.priority, g.born, g.attempt, g.rescues + 1, g.capped, g.key, g.input, g.context, 'internal',
        plimsoll.dead_letter_reason(g.rescues + 1, g.ends + is_ended), f.input_hash, f.expires
      from gone g left join freed f on f.task = g.id;
    end if;
    update plimsoll.tasks t set lease = null, attempt = t.attempt - 1,
      rescues = t.rescues + case when counts and (t.rescues = 0 or t.id = any (lost.suspects) and (lost.alone or t.rescues = 1)) then 1 else 0 end,
      ends = t.ends + case when counts and (t.rescues = 0 or t.id = any (lost.suspects) and (lost.alone or t.rescues = 1)) then is_ended else 0 end
    where t.lease = lost.token;
    get diagnostics n = row_count;
    rescued := rescued + n;
  end loop;
  return rescued;
end $$;
