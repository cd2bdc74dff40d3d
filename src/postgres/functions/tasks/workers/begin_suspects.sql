-- Recorded before a worker begins tasks that were rescued before: all such tasks that it has begun by now, and whether the only one runs alone.
create or replace function plimsoll.begin_suspects(p_token bigint, p_ids uuid[], p_alone boolean) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  -- A crash of the server may lose this: then nothing is counted anyway.
  perform pg_catalog.set_config('synchronous_commit', 'off', true);
  update plimsoll.task_workers w set suspects = p_ids, alone = p_alone where w.token = p_token;
  if not found then
    raise exception 'the lease of this worker is lost' using errcode = 'PL001';
  end if;
end $$;
grant execute on function plimsoll.begin_suspects to :"app";
