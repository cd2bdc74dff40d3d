create or replace function plimsoll.read_vault_roots() returns setof plimsoll.vault_roots
  language sql stable security definer set search_path = ''
  as $$ select * from plimsoll.vault_roots r order by r.generation desc limit 100 $$;
grant execute on function plimsoll.read_vault_roots to :"app";
