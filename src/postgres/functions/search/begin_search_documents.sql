-- Begins documents beside those that are searched. Those that were begun before are swept away later.
create or replace function plimsoll.begin_search_documents(p_index text) returns void
  language sql volatile security definer set search_path = ''
  as $$
  insert into plimsoll.search_indexes as i (name, beside, next) values (p_index, 2, 3)
  on conflict (name) do update set beside = i.next, next = i.next + 1 $$;
grant execute on function plimsoll.begin_search_documents to :"app";
