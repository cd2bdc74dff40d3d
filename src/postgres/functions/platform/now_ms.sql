create or replace function plimsoll.now_ms() returns bigint
  language sql stable parallel safe
  as $$ select (extract(epoch from plimsoll.now()) * 1000)::bigint $$;
grant execute on function plimsoll.now_ms to :"app";
