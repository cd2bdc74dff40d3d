-- Learns what a process was taught of a quota, and grants it calls of what is left. The rules are those of src/resilience/leases/quota-rules.ts; 1000 is the
-- milliseconds within which two resets are one, 86400000 the longest wait that is believed.
create or replace function plimsoll.settle_quota(
  p_place text, p_want double precision, p_owed double precision, p_quota double precision, p_window double precision,
  p_remaining double precision, p_reset double precision, p_retry double precision,
  out known boolean, out credits double precision, out "left" double precision, out "resetMs" double precision, out "blockedMs" double precision,
  out "limit" double precision, out "windowMs" double precision)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare q plimsoll.quotas; at double precision; reset_at double precision;
begin
  select * into q from plimsoll.quotas r where r.place = p_place for update;
  if not found then
    if coalesce(p_quota, p_window, p_remaining, p_retry) is null then
      known := false; credits := 0; "left" := 0; "resetMs" := 0; "blockedMs" := 0; "limit" := 0; "windowMs" := 0;
      return;
    end if;
    insert into plimsoll.quotas (place) values (p_place) on conflict do nothing;
    select * into q from plimsoll.quotas r where r.place = p_place for update;
  end if;
  -- After the lock was granted.
  at := extract(epoch from clock_timestamp()) * 1000;
  if at >= q.reset_at then
    q.remaining := case when q.window_ms is not null then q.quota end;
    q.reset_at := case when q.remaining is not null then at + q.window_ms end;
  end if;
  if p_quota > 0 then q.quota := p_quota; end if;
  if p_window > 0 then q.window_ms := least(p_window, 86400000); end if;
  if p_retry is not null then q.blocked_until := greatest(q.blocked_until, at + least(p_retry, 86400000)); end if;
  if p_remaining is not null and p_reset is not null then
    reset_at := at + least(p_reset, 86400000);
    if q.reset_at > at and abs(reset_at - q.reset_at) < 1000 then
      q.remaining := least(q.remaining, p_remaining); q.reset_at := greatest(q.reset_at, reset_at);
    else q.remaining := p_remaining; q.reset_at := reset_at; end if;
  end if;
  known := q.remaining is not null; credits := 0;
  if known then
    q.remaining := greatest(0, q.remaining - p_owed);
    if p_want < 0 then q.remaining := greatest(q.remaining, least(coalesce(q.quota, 'Infinity'), q.remaining - p_want)); end if;
    credits := greatest(0, least(p_want, floor(q.remaining)));
    q.remaining := q.remaining - credits;
  end if;
  "left" := coalesce(q.remaining, 0); "resetMs" := coalesce(q.reset_at - at, 0); "blockedMs" := greatest(0, q.blocked_until - at);
  "limit" := coalesce(q.quota, 0); "windowMs" := coalesce(q.window_ms, 0);
  update plimsoll.quotas r
  set quota = q.quota, window_ms = q.window_ms, remaining = q.remaining, reset_at = q.reset_at, blocked_until = q.blocked_until,
    expires_at = greatest(q.blocked_until, q.reset_at + coalesce(q.window_ms, 0), at)
  where r.place = p_place;
end $$;
grant execute on function plimsoll.settle_quota to :"app";
