-- Search indexes whose documents are kept here; docs/decisions/0052-a-search-index-is-a-projection.md says why so.
create table plimsoll.search_indexes (
  name text collate "C" primary key,
  -- The generation that is searched, and the one that a rebuild fills.
  live bigint not null default 1,
  beside bigint,
  next bigint not null default 2
);

create table plimsoll.search_documents (
  index text collate "C" not null,
  generation bigint not null,
  -- Empty where there is none: a part of the key is never null.
  tenant text collate "C" not null,
  id text collate "C" not null,
  -- Up to where its events are applied; see sortablePosition.
  position text collate "C" not null,
  -- Null where it was removed, until that is swept away.
  document jsonb,
  words tsvector,
  primary key (index, generation, tenant, id)
);
create index search_documents_words on plimsoll.search_documents using gin (words);
create index search_documents_removed on plimsoll.search_documents (index, position) where document is null;
-- The application reads no document but by the functions, which name the tenant.
alter table plimsoll.search_documents enable row level security;
create policy own_documents on plimsoll.search_documents using (tenant = coalesce(pg_catalog.current_setting('plimsoll.tenant', true), ''));
