-- As signal_saga, of a saga of this name and tenant; p_tenant is empty for one without, and null where it may be of any.
create or replace function plimsoll.signal_saga_of(
  p_id uuid, p_saga text, p_tenant text, p_name text, p_payload text, p_key text, p_bound integer
) returns text
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  if exists (
    select from plimsoll.sagas s
    where s.id = p_id and s.name = p_saga and (p_tenant is null or coalesce(s.context::jsonb ->> 'tenant', '') = p_tenant)
  ) then
    return plimsoll.signal_saga(p_id, p_name, p_payload, p_key, p_bound);
  end if;
  return 'unknown';
end $$;
grant execute on function plimsoll.signal_saga_of to :"app";
