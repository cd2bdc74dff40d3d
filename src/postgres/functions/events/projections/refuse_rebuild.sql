-- Refuses a table that cannot be put in the place of another: it must be the caller's to write, and nothing may hold on to it but its rows.
create or replace function plimsoll.refuse_rebuild(p_schema text, p_table text) returns regclass
  language plpgsql stable set search_path = ''
  as $$
declare
  rel regclass := pg_catalog.to_regclass(pg_catalog.format('%I.%I', p_schema, p_table));
  why text;
begin
  why := case
    when rel is null then 'there is no such table'
    when p_schema = 'plimsoll' or p_schema like 'pg\_%' then 'it is not a table of a module'
    when not pg_catalog.has_table_privilege(session_user, rel, 'select') or not pg_catalog.has_table_privilege(session_user, rel, 'insert')
      or not pg_catalog.has_table_privilege(session_user, rel, 'update') or not pg_catalog.has_table_privilege(session_user, rel, 'delete')
      then 'the role of the app may not write to it'
    when exists (select from pg_catalog.pg_constraint c where c.contype = 'f' and c.confrelid = rel) then 'another table refers to it'
    when exists (select from pg_catalog.pg_trigger g where g.tgrelid = rel and not g.tgisinternal) then 'it has triggers'
    when exists (select from pg_catalog.pg_depend d join pg_catalog.pg_rewrite w on w.oid = d.objid
      where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.refobjid = rel and w.ev_class <> rel) then 'a view reads it'
  end;
  if why is not null then
    raise exception '%', why using errcode = 'PL004';
  end if;
  return rel;
end $$;
