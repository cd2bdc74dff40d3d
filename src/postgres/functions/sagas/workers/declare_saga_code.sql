create or replace function plimsoll.declare_saga_code(p_name text, p_version integer, p_digest text, p_names text[]) returns void
  language sql volatile security definer set search_path = ''
  as $$
  insert into plimsoll.saga_code as c (name, version, digest, names) values (p_name, p_version, p_digest, p_names)
  on conflict (name, version, digest) do update set seen = plimsoll.now() $$;
grant execute on function plimsoll.declare_saga_code to :"app";
