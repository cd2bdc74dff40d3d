-- Deletes root keys before a generation that wrap nothing any more. Returns how many.
create or replace function plimsoll.drop_vault_roots(p_before integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  dropped integer;
begin
  delete from plimsoll.vault_roots r where r.generation < p_before and not exists (select from plimsoll.vault_keys k where k.root = r.generation);
  get diagnostics dropped = row_count;
  return dropped;
exception when foreign_key_violation then
  return 0;
end $$;
grant execute on function plimsoll.drop_vault_roots to :"app";
