-- Tenants whose keys are so old that others are due.
create or replace function plimsoll.old_vault_tenants(p_older_ms bigint, p_limit integer) returns table (tenant text)
  language sql stable security definer set search_path = ''
  as $$
  select k.tenant from plimsoll.vault_keys k
  where k.subject = '' and k.is_current and k.made_at <= plimsoll.now() - p_older_ms * interval '1 millisecond' order by k.tenant limit p_limit $$;
grant execute on function plimsoll.old_vault_tenants to :"app";
