create or replace function plimsoll.tenant() returns text
  language sql stable parallel safe
  as $$ select nullif(current_setting('plimsoll.tenant', true), '') $$;
comment on function plimsoll.tenant is 'The tenant of this transaction; null, and therefore equal to nothing, when unset.';
grant execute on function plimsoll.tenant to :"app";
