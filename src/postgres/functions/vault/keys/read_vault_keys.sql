create or replace function plimsoll.read_vault_keys(p_ids uuid[]) returns table (id uuid, tenant text, subject text, root integer, wrapped text)
  language sql stable security definer set search_path = ''
  as $$ select k.id, k.tenant, k.subject, k.root, k.wrapped from plimsoll.vault_keys k where k.id = any (p_ids) $$;
grant execute on function plimsoll.read_vault_keys to :"app";
