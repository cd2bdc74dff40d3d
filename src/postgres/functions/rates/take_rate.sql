-- Takes one call of a key. Returns 0, or the milliseconds until one is allowed. The rules are those of src/resilience/leases/rules.ts.
create or replace function plimsoll.take_rate(p_place text, p_rate double precision, p_burst double precision) returns double precision
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  step double precision := 1000 / p_rate;
  depth double precision := greatest(p_burst * 1000 / p_rate, 250);
  filled double precision;
  at double precision;
  wait double precision;
begin
  insert into plimsoll.rates (place) values (p_place) on conflict do nothing;
  select r.full_at into filled from plimsoll.rates r where r.place = p_place for update;
  -- After the lock was granted.
  at := extract(epoch from clock_timestamp()) * 1000;
  filled := greatest(least(coalesce(filled, at), at + depth), at);
  wait := filled + step - at - p_burst * step;
  if wait <= step / 1000 then
    filled := filled + step;
    wait := 0;
  end if;
  update plimsoll.rates r set full_at = filled, expires_at = greatest(r.expires_at, filled) where r.place = p_place;
  return wait;
end $$;
grant execute on function plimsoll.take_rate to :"app";
