create or replace function plimsoll.read_dead_letters(p_name text, p_limit integer)
  returns table (id uuid, died bigint, name text, queue text, born bigint, attempt smallint, rescues smallint, code text, reason text, context text)
  language sql stable security definer set search_path = ''
  as $$
  select d.id, d.died, d.name, d.queue, d.born, d.attempt, d.rescues, d.code, d.reason, d.context
  from plimsoll.task_dead_letters d where p_name is null or d.name = p_name order by d.died desc limit p_limit $$;
grant execute on function plimsoll.read_dead_letters to :"app";
