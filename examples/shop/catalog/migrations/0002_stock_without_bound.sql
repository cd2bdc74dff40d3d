-- Stock that comes back is put on top of what is there, whatever that is.
alter table catalog.products alter column stock type bigint;

-- What a function returns cannot be changed, so it is made again, and otherwise as it was.
drop function catalog.search_products (text, real, uuid, integer);
create function catalog.search_products(p_query text, p_after_rank real, p_after_id uuid, p_limit integer)
  returns table (id uuid, name text, description text, price_cents integer, stock bigint, version integer, rank real)
  language sql stable security definer set search_path = ''
  as $$
    select f.id, f.name, f.description, f.price_cents, f.stock, f.version, f.rank
    from (
      select p.*, ts_rank(p.words, q.words) as rank
      from websearch_to_tsquery('english', p_query) as q (words)
      join catalog.products p on p.words @@ q.words
      where p.tenant_id = plimsoll.tenant()
    ) f
    where p_after_id is null or f.rank < p_after_rank or (f.rank = p_after_rank and f.id > p_after_id)
    order by f.rank desc, f.id
    limit p_limit
  $$;
