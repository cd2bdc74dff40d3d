-- Keys that root keys before a generation wrap.
create or replace function plimsoll.keys_of_old_roots(p_before integer, p_limit integer)
  returns table (id uuid, tenant text, subject text, root integer, wrapped text)
  language sql stable security definer set search_path = ''
  as $$ select k.id, k.tenant, k.subject, k.root, k.wrapped from plimsoll.vault_keys k where k.root < p_before order by k.root limit p_limit $$;
grant execute on function plimsoll.keys_of_old_roots to :"app";
