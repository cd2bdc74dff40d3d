-- Returns one call of a key that was taken.
create or replace function plimsoll.refund_rate(p_place text, p_rate double precision) returns void
  language sql volatile security definer set search_path = ''
  as $$ update plimsoll.rates r set full_at = r.full_at - 1000 / p_rate where r.place = p_place $$;
grant execute on function plimsoll.refund_rate to :"app";
