-- Deletes what was swapped away or given up, and what was removed before a position, in turns. Returns how many were deleted.
create or replace function plimsoll.sweep_search_documents(p_index text, p_before text, p_limit integer) returns bigint
  language sql volatile security definer set search_path = ''
  as $$
  with old as (
    select d.ctid from plimsoll.search_documents d
    join plimsoll.search_indexes i on i.name = d.index
    where d.index = p_index and (
      (d.generation <> i.live and d.generation is distinct from i.beside) or (d.document is null and d.position < p_before collate "C"))
    limit p_limit
  ), gone as (
    delete from plimsoll.search_documents d using old where d.ctid = old.ctid returning 1
  )
  select pg_catalog.count(*) from gone $$;
grant execute on function plimsoll.sweep_search_documents to :"app";
