-- Completes one task inside a transaction of its handler, or undoes that transaction.
create or replace function plimsoll.complete_task(p_token bigint, p_partition smallint, p_place tid, p_keep boolean) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  if plimsoll.complete_tasks(p_token, p_partition, array[p_place], p_keep) <> 1 then
    raise exception 'the lease of this task is lost' using errcode = 'PL001';
  end if;
end $$;
grant execute on function plimsoll.complete_task to :"app";
