-- Has the documents beside searched from now on, or drops them. Returns false where there are none.
create or replace function plimsoll.swap_search_documents(p_index text, p_drop boolean) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  update plimsoll.search_indexes i set live = case when p_drop then i.live else i.beside end, beside = null
  where i.name = p_index and i.beside is not null;
  return found;
end $$;
grant execute on function plimsoll.swap_search_documents to :"app";
