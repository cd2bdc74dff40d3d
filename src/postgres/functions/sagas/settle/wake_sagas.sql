-- Has sagas run now, or once more when the run ends that is under way.
create or replace function plimsoll.wake_sagas(p_sagas uuid[]) returns void
  language plpgsql volatile set search_path = ''
  as $$
begin
  update plimsoll.sagas s set wakes = s.lease is not null, due = case when s.lease is null then plimsoll.now_ms() else s.due end
  where s.id = any (p_sagas) and s.ended is null and s.state <> 'suspended';
  if found then
    perform pg_catalog.pg_notify('plimsoll_sagas', '');
  end if;
end $$;
