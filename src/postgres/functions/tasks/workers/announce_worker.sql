create or replace function plimsoll.announce_worker(p_token bigint, p_channel text, p_queues text[]) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  -- A crash of the server may lose this: a worker that is handed too much releases it.
  perform pg_catalog.set_config('synchronous_commit', 'off', true);
  update plimsoll.task_workers w set channel = p_channel, queues = p_queues where w.token = p_token;
end $$;
grant execute on function plimsoll.announce_worker to :"app";
