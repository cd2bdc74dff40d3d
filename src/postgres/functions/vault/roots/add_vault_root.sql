-- Adds a root key. Returns whether it did: another process may have been first.
create or replace function plimsoll.add_vault_root(p_generation integer, p_provider text, p_wrapped text) returns boolean
  language sql volatile security definer set search_path = ''
  as $$
  with added as (
    insert into plimsoll.vault_roots (generation, provider, wrapped) values (p_generation, p_provider, p_wrapped)
    on conflict (generation) do nothing returning generation
  )
  select exists (select from added) $$;
grant execute on function plimsoll.add_vault_root to :"app";
