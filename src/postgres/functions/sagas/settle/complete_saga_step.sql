-- Records a step in the transaction of what it wrote; fails where the saga is leased to another worker, or the step is recorded already.
create or replace function plimsoll.complete_saga_step(
  p_token bigint, p_saga uuid, p_name text, p_kind text, p_state text, p_attempt smallint, p_undoable boolean, p_output text
) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  perform from plimsoll.saga_workers w where w.token = p_token for key share;
  if found then
    perform from plimsoll.sagas s where s.id = p_saga and s.lease = p_token for key share;
  end if;
  if not found then
    raise exception 'the lease of this worker is lost' using errcode = 'PL001';
  end if;
  insert into plimsoll.saga_steps as j (saga, name, kind, state, attempt, undoable, output, at)
  values (p_saga, p_name, p_kind, p_state, p_attempt, p_undoable, p_output, plimsoll.now_ms())
  on conflict (saga, name) do update set state = excluded.state, attempt = excluded.attempt, due = null, output = coalesce(excluded.output, j.output), fault = null, at = excluded.at
    where j.state <> p_state and j.state <> 'undone';
  if not found then
    raise exception 'the step is recorded already' using errcode = 'PL005';
  end if;
end $$;
grant execute on function plimsoll.complete_saga_step to :"app";
