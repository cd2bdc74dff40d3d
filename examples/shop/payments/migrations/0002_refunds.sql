-- A paid order that its customer cancels: the money is on its way back, and then it is back.
alter table payments.checkouts drop constraint checkouts_state_check;
alter table payments.checkouts add constraint checkouts_state_check
  check (state in ('started', 'reserved', 'paid', 'undone', 'refunding', 'refunded'));
-- Since when it has its state.
alter table payments.checkouts add column moved_at timestamptz not null default plimsoll.now();

create function payments.note_move() returns trigger language plpgsql set search_path = '' as $$
begin
  new.moved_at := plimsoll.now();
  return new;
end
$$;
create trigger checkouts_move before update on payments.checkouts for each row
  when (old.state is distinct from new.state) execute function payments.note_move();

-- Which comparison of the books is the latest: an earlier one that is still under way finds nothing.
create table payments.comparisons (
  tenant_id text primary key,
  as_of timestamptz not null
);
select plimsoll.tenant_table('payments.comparisons');

-- What the provider's books said when they were last read, line by line: one checkout may have two of a kind, and must not.
create table payments.statement_lines (
  tenant_id text,
  line_no bigint,
  kind text not null check (kind in ('charge', 'take-back', 'refund')),
  -- As the provider has it, which may be none of ours.
  checkout_id text not null,
  amount_cents bigint not null,
  currency text not null,
  entered_at timestamptz not null,
  -- The comparison that read it last: those that it did not find are gone.
  seen_at timestamptz not null,
  primary key (tenant_id, line_no)
);
select plimsoll.tenant_table('payments.statement_lines');

alter table payments.differences alter column checkout_id type text;
alter table payments.differences drop constraint differences_problem_check;
alter table payments.differences add constraint differences_problem_check
  check (problem in ('missing-here', 'missing-there', 'other-amount', 'refund-missing'));
