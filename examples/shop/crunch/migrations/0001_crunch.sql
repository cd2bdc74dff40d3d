create table crunch.batches (
  tenant_id text,
  id uuid,
  items integer not null check (items > 0),
  accepted_at timestamptz not null default plimsoll.now(),
  -- Counted once and kept, when there is a result for each item.
  done integer,
  failed integer,
  closed_at timestamptz,
  primary key (tenant_id, id),
  check (case when closed_at is null then done is null and failed is null else done + failed = items end)
);
select plimsoll.tenant_table('crunch.batches');

create index batches_open on crunch.batches (tenant_id, id) where closed_at is null;

-- One row for each item, written together with the end of its task. Without a foreign key, which would lock the batch once for each of its items: the
-- task and the batch come from one transaction.
create table crunch.results (
  tenant_id text,
  batch_id uuid,
  item integer,
  outcome text not null check (outcome in ('done', 'failed')),
  checksum bigint,
  score integer,
  attempts integer not null,
  finished_at timestamptz not null default plimsoll.now(),
  primary key (tenant_id, batch_id, item)
);
select plimsoll.tenant_table('crunch.results');

-- What is known of each batch: of one that is closed what was counted, of any other what is there.
create view crunch.progress with (security_invoker = true) as
  select b.tenant_id, b.id, b.accepted_at, b.closed_at, c.done, c.failed, b.items - c.done - c.failed as waiting
  from crunch.batches b
  cross join lateral (
    select b.done, b.failed where b.closed_at is not null
    union all
    select count(*) filter (where r.outcome = 'done'), count(*) filter (where r.outcome = 'failed')
    from crunch.results r where r.tenant_id = b.tenant_id and r.batch_id = b.id
    having b.closed_at is null
  ) c;
