-- Puts and removes documents, of each of which the one with the latest position stays. Returns false where the index is missing.
create or replace function plimsoll.write_search_documents(p_index text, p_beside boolean, p_text text[], p_language regconfig, p_documents jsonb) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  target bigint;
begin
  select case when p_beside then i.beside else i.live end into target from plimsoll.search_indexes i where i.name = p_index for share;
  if target is null then
    return false;
  end if;
  insert into plimsoll.search_documents as d (index, generation, tenant, id, position, document, words)
  select distinct on (k.tenant, k.id) p_index, target, k.tenant, k.id, k.position, k.document, (
    select plimsoll.search_words(p_text, p_language, k.document)
  )
  from pg_catalog.jsonb_to_recordset(p_documents) k (tenant text, id text, position text, document jsonb)
  order by k.tenant, k.id, k.position collate "C" desc
  on conflict (index, generation, tenant, id) do update set position = excluded.position, document = excluded.document, words = excluded.words
  where excluded.position > d.position;
  return true;
end $$;
grant execute on function plimsoll.write_search_documents to :"app";
