-- What every module relies on: who asks and on whose behalf, durable time, and replies kept under their idempotency keys.

create function plimsoll.tenant() returns text
  language sql stable parallel safe
  as $$ select nullif(current_setting('plimsoll.tenant', true), '') $$;
comment on function plimsoll.tenant() is 'The tenant of this transaction; null, and therefore equal to nothing, when unset.';

create function plimsoll.actor() returns text
  language sql stable parallel safe
  as $$ select nullif(current_setting('plimsoll.actor', true), '') $$;
comment on function plimsoll.actor() is 'The actor of this transaction; null when nobody signed in.';

-- Durable time. A setting could be changed by whoever may connect, so the offset of tests is a row that only the owner may write.
create table plimsoll.clock (
  only_row boolean primary key default true check (only_row),
  time_offset interval not null default '0'
);
insert into plimsoll.clock default values;

create function plimsoll.now() returns timestamptz
  language sql stable parallel safe security definer set search_path = ''
  as $$ select statement_timestamp() + (select time_offset from plimsoll.clock) $$;
comment on function plimsoll.now() is 'Durable time: that of the database, with an offset that only the owner can set.';

-- The id stands for tenant, actor, operation and key, so the table needs no tenant of its own; the application reaches it through functions only.
create table plimsoll.idempotency (
  id uuid primary key,
  input_hash bytea not null,
  outcome text not null,
  body text not null,
  expires_at timestamptz not null
);
create index idempotency_expires_at on plimsoll.idempotency (expires_at);

create function plimsoll.claim(p_id uuid, p_input_hash bytea, out state text, out outcome text, out body text)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  known plimsoll.idempotency;
begin
  if not pg_catalog.pg_try_advisory_xact_lock(pg_catalog.uuid_hash_extended(p_id, 0)) then
    state := 'running';
    return;
  end if;
  -- A statement of its own, after the lock: its snapshot sees what the owner before us committed.
  select * into known from plimsoll.idempotency i where i.id = p_id and i.expires_at > plimsoll.now();
  if not found then
    state := 'claimed';
  elsif known.input_hash <> p_input_hash then
    state := 'mismatch';
  else
    state := 'replay';
    outcome := known.outcome;
    body := known.body;
  end if;
end $$;

create function plimsoll.record(p_id uuid, p_input_hash bytea, p_ttl_ms double precision, p_outcome text, p_body text) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
begin
  insert into plimsoll.idempotency as i (id, input_hash, outcome, body, expires_at)
  values (p_id, p_input_hash, p_outcome, p_body, plimsoll.now() + p_ttl_ms * interval '1 millisecond')
  on conflict (id) do update
    set input_hash = excluded.input_hash, outcome = excluded.outcome, body = excluded.body, expires_at = excluded.expires_at
    where i.expires_at <= plimsoll.now();
  -- Under serializable isolation the claim reads an old snapshot; the key then shows here that somebody was first.
  if not found then
    raise exception 'the idempotency key was recorded meanwhile' using errcode = 'serialization_failure';
  end if;
end $$;

create function plimsoll.expire_idempotency(p_batch integer) returns integer
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  deleted integer;
begin
  delete from plimsoll.idempotency
  where id in (
    select id from plimsoll.idempotency where expires_at <= plimsoll.now() order by expires_at limit p_batch for update skip locked
  );
  get diagnostics deleted = row_count;
  return deleted;
end $$;
