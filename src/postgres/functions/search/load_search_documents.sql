-- Documents by their keys. Null where the index is missing.
create or replace function plimsoll.load_search_documents(p_index text, p_beside boolean, p_keys jsonb) returns jsonb
  language sql stable security definer set search_path = ''
  as $$
  select (
    select coalesce(
      pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('tenant', d.tenant, 'id', d.id, 'position', d.position, 'document', d.document)), '[]')
    from pg_catalog.jsonb_to_recordset(p_keys) k (tenant text, id text)
    join plimsoll.search_documents d on d.index = i.name and d.generation = case when p_beside then i.beside else i.live end
      and d.tenant = k.tenant and d.id = k.id
  )
  from plimsoll.search_indexes i where i.name = p_index and (i.beside is not null or not p_beside) $$;
grant execute on function plimsoll.load_search_documents to :"app";
