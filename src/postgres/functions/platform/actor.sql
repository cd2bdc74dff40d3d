create or replace function plimsoll.actor() returns text
  language sql stable parallel safe
  as $$ select nullif(current_setting('plimsoll.actor', true), '') $$;
comment on function plimsoll.actor is 'The actor of this transaction; null if the caller has not signed in.';
grant execute on function plimsoll.actor to :"app";
