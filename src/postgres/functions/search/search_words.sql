-- The words of a document, those of the first field with the most weight. Null where it was removed.
create or replace function plimsoll.search_words(p_text text[], p_language regconfig, p_document jsonb) returns tsvector
  language sql stable security definer set search_path = ''
  as $$
  select
    pg_catalog.setweight(pg_catalog.to_tsvector(p_language, coalesce(p_document ->> p_text[1], '')), 'A')
    || pg_catalog.setweight(pg_catalog.to_tsvector(p_language, coalesce(p_document ->> p_text[2], '')), 'B')
    || pg_catalog.setweight(pg_catalog.to_tsvector(p_language, coalesce(p_document ->> p_text[3], '')), 'C')
    || pg_catalog.to_tsvector(p_language, coalesce(p_document ->> p_text[4], ''))
  where p_document is not null $$;
