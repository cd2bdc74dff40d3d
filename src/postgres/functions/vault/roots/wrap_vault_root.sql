-- Keeps a root key as another key of the provider has wrapped it.
create or replace function plimsoll.wrap_vault_root(p_generation integer, p_was text, p_provider text, p_wrapped text) returns boolean
  language sql volatile security definer set search_path = ''
  as $$
  with wrapped as (
    update plimsoll.vault_roots r set provider = p_provider, wrapped = p_wrapped where r.generation = p_generation and r.wrapped = p_was returning generation
  )
  select exists (select from wrapped) $$;
grant execute on function plimsoll.wrap_vault_root to :"app";
