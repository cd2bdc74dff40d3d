create or replace function plimsoll.audit_keep_ms() returns bigint
  language sql stable set search_path = ''
  as $$ select (extract(epoch from k.keep) * 1000)::bigint from plimsoll.audit_rules k $$;
