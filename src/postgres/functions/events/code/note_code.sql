-- Says which events the code of a process takes, for each subscription that exists: p_code has them as [{"name", "takes"}]. p_starts: the process starts, so that code that
-- was not seen for p_kept_ms was deployed again. A process that only stood still for as long, or whose database did, changes no order.
create or replace function plimsoll.note_code(p_code json, p_kept_ms bigint, p_starts boolean) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  kept interval := p_kept_ms * interval '1 millisecond';
begin
  -- In one order, so that processes that start at the same time wait for one another.
  insert into plimsoll.subscription_code as c (subscription, digest, takes)
  select s.name, pg_catalog.md5(r.takes::text), r.takes
  from pg_catalog.json_to_recordset(p_code) as r (name text, takes text[]) join plimsoll.subscriptions s on s.name = r.name order by s.name
  on conflict (subscription, digest) do update
  set seen = plimsoll.now(),
    -- A note comes ten times in that time; two may be missing.
    since = case when c.seen < plimsoll.now() - kept / 5 then plimsoll.now() else c.since end,
    deployed = case when p_starts and c.seen < plimsoll.now() - kept then excluded.deployed else c.deployed end;
  if p_starts then
    delete from plimsoll.subscription_code c where c.seen < plimsoll.now() - kept - interval '1 day';
  end if;
end $$;
grant execute on function plimsoll.note_code to :"app";
