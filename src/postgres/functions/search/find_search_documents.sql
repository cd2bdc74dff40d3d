-- The documents of one tenant that have all words of a text. Row-level security looks at each row before an operator that is not known to keep secrets may, and
-- full-text search is none: as the owner, who is not bound by the policy, the search uses its index; so it names the tenant itself.
create or replace function plimsoll.find_search_documents(
  p_index text, p_language regconfig, p_tenant text, p_query text, p_after_rank real, p_after_id text, p_limit integer
) returns table (tenant text, id text, document jsonb, rank real)
  language sql stable security definer set search_path = ''
  as $$
  select f.tenant, f.id, f.document, f.rank
  from (
    select d.tenant, d.id, d.document, pg_catalog.ts_rank(d.words, q.words) as rank
    from pg_catalog.plainto_tsquery(p_language, p_query) as q (words)
    join plimsoll.search_indexes i on i.name = p_index
    join plimsoll.search_documents d on d.words operator(pg_catalog.@@) q.words
    where d.index = p_index and d.generation = i.live and d.tenant = p_tenant and d.document is not null
  ) f
  where p_after_id is null or f.rank < p_after_rank or (f.rank = p_after_rank and f.id > p_after_id collate "C")
  order by f.rank desc, f.id
  limit p_limit $$;
grant execute on function plimsoll.find_search_documents to :"app";
