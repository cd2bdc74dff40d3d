-- What every module relies on: who asks and on whose behalf, durable time, and replies kept under their idempotency keys.

create function plimsoll.tenant() returns text
  language sql stable parallel safe
  as $$ select nullif(current_setting('plimsoll.tenant', true), '') $$;
comment on function plimsoll.tenant() is 'The tenant of this transaction; null, and therefore equal to nothing, when unset.';

create function plimsoll.actor() returns text
  language sql stable parallel safe
  as $$ select nullif(current_setting('plimsoll.actor', true), '') $$;
comment on function plimsoll.actor() is 'The actor of this transaction; null when nobody signed in.';

-- Durable time. It is inlined wherever it is called, and so costs nothing; a function that reads an offset from a table costs 90 µs a
-- statement. A setting could be changed by whoever may connect, so the offset is in the function itself, which only its owner can replace.
create function plimsoll.now() returns timestamptz
  language sql stable parallel safe
  as $$ select pg_catalog.statement_timestamp() $$;
comment on function plimsoll.now() is 'Durable time: that of the database, with an offset that only the owner can set.';

create function plimsoll.set_clock_offset(p_offset interval) returns void
  language plpgsql volatile set search_path = ''
  as $$
declare
  seconds numeric := extract(epoch from p_offset);
begin
  perform pg_catalog.pg_advisory_xact_lock('plimsoll.now()'::pg_catalog.regprocedure::pg_catalog.oid::bigint);
  execute pg_catalog.format(
    'create or replace function plimsoll.now() returns timestamptz language sql stable parallel safe as %L',
    case when seconds = 0 then ' select pg_catalog.statement_timestamp() '
      else pg_catalog.format(' select pg_catalog.statement_timestamp() operator(pg_catalog.+) pg_catalog.make_interval(secs => (%s)::double precision) ', seconds) end);
end $$;
comment on function plimsoll.set_clock_offset(interval) is 'Moves durable time, for tests: all sessions see it from their next statement on. Only the owner can.';

-- The id stands for tenant, actor, operation and key, so the table needs no tenant of its own; the application reaches it through functions
-- only, which ask for the id, so that no statement of it can list what others were answered.
create table plimsoll.idempotency (
  id uuid primary key,
  input_hash bytea not null,
  outcome text not null,
  body text not null,
  expires_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0.05);
create index idempotency_expires_at on plimsoll.idempotency (expires_at);

-- Where the deletion of expired records stands. Without it each batch would begin at the oldest index entry, and step over all those that
-- are dead and, while some old transaction may still see them, cannot be removed.
create table plimsoll.idempotency_sweep (
  only_row boolean primary key default true check (only_row),
  swept_until timestamptz not null default '-infinity'
);
insert into plimsoll.idempotency_sweep default values;

create function plimsoll.claim(p_id uuid, p_input_hash bytea, out state text, out outcome text, out body text)
  language plpgsql volatile security definer set search_path = ''
  as $$
declare
  known_hash bytea;
begin
  if not pg_catalog.pg_try_advisory_xact_lock(pg_catalog.uuid_hash_extended(p_id, 0)) then
    state := 'running';
    return;
  end if;
  -- A statement of its own, after the lock: its snapshot sees what the owner before us committed.
  select i.input_hash, i.outcome, i.body into known_hash, outcome, body
  from plimsoll.idempotency i where i.id = p_id and i.expires_at > plimsoll.now();
  if not found then
    state := 'claimed';
  elsif known_hash = p_input_hash then
    state := 'replay';
  else
    state := 'mismatch';
    outcome := null;
    body := null;
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
  since timestamptz;
  until timestamptz;
  deleted integer;
begin
  select s.swept_until into since from plimsoll.idempotency_sweep s for update skip locked;
  -- Another process is at it.
  if not found then
    return 0;
  end if;
  with gone as (
    delete from plimsoll.idempotency i
    where i.ctid = any (array(
        select e.ctid from plimsoll.idempotency e
        where e.expires_at >= since and e.expires_at <= plimsoll.now() order by e.expires_at limit p_batch
      ))
      -- Asked again: somebody may have written anew over the expired record meanwhile.
      and i.expires_at <= plimsoll.now()
    returning i.expires_at
  )
  select count(*), max(g.expires_at) into deleted, until from gone g;
  -- Once it has caught up it begins anew, and so finds what was recorded behind its back.
  update plimsoll.idempotency_sweep s set swept_until = case when deleted < p_batch then '-infinity' else until end
  where s.swept_until is distinct from case when deleted < p_batch then '-infinity' else until end;
  return deleted;
end $$;
