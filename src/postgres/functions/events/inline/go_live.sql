-- From here on commands keep the projection: a part of the transaction that holds up all who emit. The table of a rebuild takes the place of the other one with it.
-- Returns false where readers hold the table. The rows that were just written are marked with the transactions of their last events.
create or replace function plimsoll.go_live(
  p_name text, p_partition integer, p_fence bigint, p_epoch integer, p_xid xid8, p_seq bigint,
  p_tenants text[], p_keys text[], p_epochs integer[], p_xids text[], p_schema text, p_table text, p_beside text
) returns boolean
  language plpgsql volatile security definer set search_path = '' set lock_timeout = '300ms'
  as $$
begin
  perform plimsoll.hold_subscription(p_name, p_partition, p_fence);
  if p_beside is not null then
    perform plimsoll.refuse_rebuild(p_schema, p_table);
    perform plimsoll.refuse_rebuild(p_schema, p_beside);
    execute pg_catalog.format('lock table %I.%I in access exclusive mode', p_schema, p_table);
    execute pg_catalog.format('drop table %I.%I', p_schema, p_table);
    execute pg_catalog.format('alter table %I.%I rename to %I', p_schema, p_beside, p_table);
    delete from plimsoll.projection_rebuilds r where r.name = p_name;
  end if;
  update plimsoll.subscription_partitions t set epoch = p_epoch, xid = p_xid, seq = p_seq
  where t.subscription = p_name and t.partition = p_partition and (t.epoch, t.xid, t.seq) < (p_epoch, p_xid, p_seq);
  insert into plimsoll.inline_rows as r (projection, tenant, key, epoch, xid)
  select p_name, u.tenant, u.key, u.epoch, u.xid::xid8 from unnest(p_tenants, p_keys, p_epochs, p_xids) u (tenant, key, epoch, xid)
  on conflict (projection, tenant, key) do update set epoch = excluded.epoch, xid = excluded.xid where (r.epoch, r.xid) < (excluded.epoch, excluded.xid);
  update plimsoll.inline_projections i set state = 'live' where i.name = p_name;
  update plimsoll.inline_changes c set changes = c.changes + 1;
  return true;
exception when lock_not_available then
  return false;
end $$;
grant execute on function plimsoll.go_live to :"app";
