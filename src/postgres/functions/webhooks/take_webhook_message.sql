-- Takes a message in the transaction that emits its event: new; known, where it came before; or other, where another message came under the id. It waits for a
-- transaction that takes the same one.
create or replace function plimsoll.take_webhook_message(p_key text, p_hash text, p_keep_ms bigint) returns text
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  taken text;
begin
  insert into plimsoll.webhook_messages as m (key, hash, expires_at) values (p_key, p_hash, plimsoll.now() + p_keep_ms * interval '1 millisecond')
  on conflict (key) do update set hash = excluded.hash, expires_at = excluded.expires_at where m.expires_at <= plimsoll.now();
  if found then
    return 'new';
  end if;
  select m.hash into taken from plimsoll.webhook_messages m where m.key = p_key;
  return case when taken = p_hash then 'known' else 'other' end;
end $$;
grant execute on function plimsoll.take_webhook_message to :"app";
