-- Locks rows of live projections until this transaction ends, in one order, or refuses where a transaction with a later id has changed one: by the order of all events
-- its events come first. Tenants are empty where there is none.
create or replace function plimsoll.mark_inline(p_projections text[], p_tenants text[], p_keys text[]) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  joined integer := plimsoll.join_event_epoch();
  me xid8 := pg_catalog.pg_current_xact_id();
  wanted integer;
  marked integer;
begin
  with u as materialized (
    select u.projection, u.tenant, u.key from unnest(p_projections, p_tenants, p_keys) u (projection, tenant, key)
    join plimsoll.inline_projections i on i.name = u.projection and i.state = 'live'
  ), m as (
    insert into plimsoll.inline_rows as r (projection, tenant, key, epoch, xid)
    select u.projection, u.tenant, u.key, joined, me from u order by u.projection, u.tenant, u.key
    on conflict (projection, tenant, key) do update set epoch = excluded.epoch, xid = excluded.xid where (r.epoch, r.xid) <= (excluded.epoch, excluded.xid)
    returning 1
  )
  select (select pg_catalog.count(*) from u), (select pg_catalog.count(*) from m) into wanted, marked;
  if marked < wanted then
    raise exception 'a transaction with a later id changed this row first' using errcode = 'PL006';
  end if;
end $$;
grant execute on function plimsoll.mark_inline to :"app";
