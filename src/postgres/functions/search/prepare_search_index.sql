-- Makes a search index where there is none. Returns whether it did.
create or replace function plimsoll.prepare_search_index(p_index text) returns boolean
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  insert into plimsoll.search_indexes (name) values (p_index) on conflict do nothing;
  return found;
end $$;
grant execute on function plimsoll.prepare_search_index to :"app";
