comment on schema relays is 'Durable work of the toy kind.';
create table relays.work (
  id uuid primary key,
  name text not null,
  input text not null,
  tenant text,
  actor text,
  key text unique,
  attempt integer not null default 0,
  lease integer not null default 0,
  holder uuid,
  -- Not before: it is for later, or leased until then. Due now: whatever the clock says. Done: never.
  due timestamptz not null,
  born timestamptz not null default plimsoll.now()
);
create index work_due on relays.work (due);

-- One statement, and fails where another has the lease: then nothing of its transaction is committed.
create function relays.complete(p_id uuid, p_lease integer) returns void language plpgsql as $$
begin
  update relays.work set due = 'infinity' where id = p_id and lease = p_lease and due < 'infinity';
  if not found then
    raise exception 'another has the relay %', p_id using errcode = '40001';
  end if;
end $$;
