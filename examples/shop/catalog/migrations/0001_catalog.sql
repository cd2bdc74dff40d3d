create table catalog.products (
  tenant_id text,
  id uuid,
  name text not null,
  description text not null,
  price_cents integer not null check (price_cents >= 0),
  stock integer not null check (stock >= 0),
  version integer not null default 1,
  words tsvector not null generated always as (to_tsvector('english', name || ' ' || description)) stored,
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('catalog.products');

create index products_name on catalog.products (tenant_id, name, id);
create index products_words on catalog.products using gin (words);

-- Row-level security looks at each row before an operator that is not known to keep secrets may, and full-text search is none: a plain query
-- would read the whole table. As the owner, who is not bound by the policy, the search uses its index; so it names the tenant itself.
create function catalog.search_products(p_query text, p_after_rank real, p_after_id uuid, p_limit integer)
  returns table (id uuid, name text, description text, price_cents integer, stock integer, version integer, rank real)
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
