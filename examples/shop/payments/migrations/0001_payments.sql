create table payments.checkouts (
  tenant_id text,
  id uuid,
  customer_id uuid not null,
  state text not null default 'started' check (state in ('started', 'reserved', 'paid', 'undone', 'refunded')),
  lines jsonb not null,
  amount_cents bigint not null default 0 check (amount_cents >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- Why it was not paid.
  problem text,
  started_at timestamptz not null default plimsoll.now(),
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('payments.checkouts');

create index checkouts_of_customer on payments.checkouts (tenant_id, customer_id, id);

-- The ledger. One row is both sides of an entry, so there is none without its other side, and all postings together are zero whatever is written.
create table payments.entries (
  tenant_id text,
  kind text not null check (kind in ('charge', 'take-back', 'refund', 'sale', 'sale-undone')),
  checkout_id uuid,
  debit text not null check (debit in ('provider', 'deposits', 'sales')),
  credit text not null check (credit in ('provider', 'deposits', 'sales')),
  amount_cents bigint not null check (amount_cents > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  posted_at timestamptz not null default plimsoll.now(),
  primary key (tenant_id, checkout_id, kind),
  check (debit <> credit)
);
select plimsoll.tenant_table('payments.entries');

create function payments.refuse_change() returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception 'An entry of the ledger is neither changed nor deleted. Post the opposite entry.' using errcode = 'restrict_violation';
end
$$;
create trigger entries_stay before update or delete on payments.entries for each row execute function payments.refuse_change();

create view payments.postings with (security_invoker = true) as
  select tenant_id, kind, checkout_id, debit as account, amount_cents, currency, posted_at from payments.entries
  union all
  select tenant_id, kind, checkout_id, credit, -amount_cents, currency, posted_at from payments.entries;

-- What the books of the provider say and ours do not, or the other way round.
create table payments.differences (
  tenant_id text,
  kind text not null,
  checkout_id uuid,
  problem text not null check (problem in ('missing-here', 'missing-there', 'other-amount')),
  ours_cents bigint not null,
  theirs_cents bigint not null,
  found_at timestamptz not null default plimsoll.now(),
  resolved_at timestamptz,
  primary key (tenant_id, checkout_id, kind)
);
select plimsoll.tenant_table('payments.differences');

-- Whose books are to be compared. As the owner, whom the policy of one tenant does not bind.
create function payments.tenants_with_checkouts() returns table (tenant text)
  language sql stable security definer set search_path = ''
  as $$ select distinct tenant_id from payments.checkouts order by tenant_id limit 10000 $$;
comment on function payments.tenants_with_checkouts() is 'all tenants: the schedule that compares books starts a task for each, and sees nothing of them but their names';
