-- Says which events the code of a process takes, for each subscription that exists: p_code has them as [{"name", "takes"}]. Code that was not seen for p_kept_ms was
-- deployed again.
create or replace function plimsoll.note_subscription_code(p_code json, p_kept_ms bigint) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  kept_from timestamptz := plimsoll.now() - p_kept_ms * interval '1 millisecond';
begin
  -- In one order, so that processes that start at the same time wait for one another.
  insert into plimsoll.subscription_code as c (subscription, digest, takes)
  select s.name, pg_catalog.md5(r.takes::text), r.takes
  from pg_catalog.json_to_recordset(p_code) as r (name text, takes text[]) join plimsoll.subscriptions s on s.name = r.name order by s.name
  on conflict (subscription, digest) do update
  set seen = plimsoll.now(), deployed = case when c.seen < kept_from then excluded.deployed else c.deployed end;
  delete from plimsoll.subscription_code c where c.seen < kept_from - interval '1 day';
end $$;
grant execute on function plimsoll.note_subscription_code to :"app";
