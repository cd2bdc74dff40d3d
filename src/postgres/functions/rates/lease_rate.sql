-- Renews the lease that a member has of a key. The rules are those of src/resilience/leases/rules.ts; 250 and 500 are its milliseconds of a renewal and a lease.
create or replace function plimsoll.lease_rate(
  p_member text, p_place text, p_rate double precision, p_burst double precision, p_want double precision, p_demand double precision,
  p_held boolean, out credits double precision, out share double precision, out members integer, out crowded boolean)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  step double precision := 1000 / p_rate;
  depth double precision := greatest(p_burst * 1000 / p_rate, 250);
  filled double precision; at double precision; known jsonb; one record;
  since double precision; part double precision; own double precision := 0; fair double precision; available double precision;
  others double precision := 0; rest double precision := p_rate; total double precision := 0; seen integer := 0;
begin
  insert into plimsoll.rates (place) values (p_place) on conflict do nothing;
  select r.full_at, r.members into filled, known from plimsoll.rates r where r.place = p_place for update;
  at := extract(epoch from clock_timestamp()) * 1000;
  filled := coalesce(filled, case when p_held then at + depth - 250 else at end);
  filled := least(greatest(filled, at), at + depth);
  select coalesce(jsonb_object_agg(m.key, m.value), '{}') into known from jsonb_each(known) m
  where (m.value->>1)::double precision between at - 500 and at;
  since := least(500, at - coalesce((known->p_member->>1)::double precision, at - 250));
  known := case when p_demand = 0 then known - p_member else known || jsonb_build_object(p_member, jsonb_build_array(p_demand, at)) end;
  members := (select count(*) from jsonb_object_keys(known));
  for one in select m.key, (m.value->>0)::double precision as demand from jsonb_each(known) m order by 2 loop
    part := least(one.demand, rest / (members - seen));
    rest := rest - part; total := total + one.demand; seen := seen + 1;
    if one.key = p_member then own := part; else others := others + part * 0.25; end if;
  end loop;
  share := case when p_demand = 0 then 0 else own + rest / members end;
  available := (at + depth - filled) / step;
  fair := share * since / 1000;
  credits := case when p_want < 0 or p_demand = 0 then least(p_want, 0)
    else least(p_want, available, fair + greatest(0, available - fair - others) / members) end;
  filled := greatest(at, filled + credits * step);
  credits := greatest(credits, 0);
  crowded := p_demand > 0 and total >= p_rate * 0.95;
  update plimsoll.rates r set full_at = filled, members = known, expires_at = greatest(filled, at + 500) where r.place = p_place;
end $$;
grant execute on function plimsoll.lease_rate to :"app";
