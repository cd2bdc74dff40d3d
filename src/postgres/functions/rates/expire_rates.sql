-- Deletes rows that say nothing any more, of rates and of quotas; those that are in use are left for the next time.
create or replace function plimsoll.expire_rates() returns void
  language sql volatile security definer set search_path = ''
  as $$
  delete from plimsoll.rates r where r.place in (
    select e.place from plimsoll.rates e where e.expires_at < extract(epoch from clock_timestamp()) * 1000 - 1000
    limit 1000 for update skip locked);
  delete from plimsoll.quotas q where q.place in (
    select e.place from plimsoll.quotas e where e.expires_at < extract(epoch from clock_timestamp()) * 1000 - 1000
    limit 1000 for update skip locked)
$$;
grant execute on function plimsoll.expire_rates to :"app";
