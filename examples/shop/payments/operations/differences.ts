import { implement } from "plimsoll";
import { z } from "zod";
import * as payments from "../contract.ts";
import { Difference } from "../domain.ts";
import { differences } from "../metrics.ts";

export const beginComparison = implement(payments.beginComparison, (_, { sql }) =>
  sql(z.object({ asOf: z.iso.datetime() }))`
    insert into payments.comparisons as c (as_of) values (date_trunc('milliseconds', plimsoll.now()))
    on conflict (tenant_id) do update set as_of = greatest(excluded.as_of, c.as_of + '1 ms') returning as_of`.one(),
);

export const keepStatement = implement(payments.keepStatement, async ({ asOf, lines }, { sql }) => {
  await sql`
    insert into payments.statement_lines as s (line_no, kind, checkout_id, amount_cents, currency, entered_at, seen_at)
    select line, kind, "checkoutId", (money ->> 'cents')::bigint, money ->> 'currency', at, ${asOf}::timestamptz
    from json_to_recordset(${JSON.stringify(lines)}) as line (line bigint, kind text, "checkoutId" text, money json, at timestamptz)
    on conflict (tenant_id, line_no) do update set
      kind = excluded.kind, checkout_id = excluded.checkout_id, amount_cents = excluded.amount_cents,
      currency = excluded.currency, entered_at = excluded.entered_at, seen_at = greatest(s.seen_at, excluded.seen_at)`.run();
  return {};
});

export const findDifferences = implement(payments.findDifferences, async ({ asOf }, { sql, count }) => {
  const isLatest = await sql`select from payments.comparisons where as_of = ${asOf}::timestamptz for update`.exists();
  if (!isLatest) return { found: [] };
  await sql`delete from payments.statement_lines where seen_at < ${asOf}::timestamptz`.run();
  // What is on its way is no difference: what was booked there is ours within a moment, and what we have booked was booked there before.
  const found = await sql(Difference)`
    with theirs as (
      select checkout_id, kind, sum(amount_cents)::bigint as cents, array_agg(distinct currency) as currencies, max(entered_at) as at
      from payments.statement_lines group by checkout_id, kind
    ), ours as (
      select checkout_id::text as checkout_id, kind, amount_cents as cents, array[currency] as currencies, posted_at as at
      from payments.entries where kind in ('charge', 'take-back', 'refund')
    ), standing as (
      select checkout_id, coalesce(sum(cents) filter (where kind = 'charge'), 0)::bigint as charged,
        coalesce(sum(cents) filter (where kind <> 'charge'), 0)::bigint as returned
      from theirs group by checkout_id
    ), apart as (
      select checkout_id, kind, coalesce(o.cents, 0) as ours_cents, coalesce(t.cents, 0) as theirs_cents,
        case
          when o.cents is null or c.id is null then 'missing-here'
          when t.cents is not null then 'other-amount'
          when kind = 'charge' then 'missing-there'
          else 'refund-missing'
        end as problem
      from theirs t full join ours o using (checkout_id, kind) left join payments.checkouts c on c.id::text = checkout_id
      where case
        when o.cents is null or c.id is null then t.at < ${asOf}::timestamptz - interval '10 minutes'
        when t.cents is null then o.at < ${asOf}::timestamptz
        else o.cents <> t.cents or o.currencies <> t.currencies
      end
    ), owed as (
      select checkout_id, case state when 'undone' then 'take-back' else 'refund' end as kind, charged, returned
      from standing join payments.checkouts c on c.id::text = checkout_id
      where charged > returned and case state
        when 'refunding' then moved_at < ${asOf}::timestamptz - interval '10 minutes'
        else state in ('undone', 'refunded') and moved_at < ${asOf}::timestamptz
      end
    ), found as (
      select checkout_id, kind, problem, ours_cents, theirs_cents from apart
      union all
      select checkout_id, kind, 'refund-missing', charged, returned from owed
      where not exists (select from apart a where a.checkout_id = owed.checkout_id and a.kind = owed.kind)
    ), closed as (
      update payments.differences d set resolved_at = plimsoll.now()
      where resolved_at is null and not exists (select from found f where f.checkout_id = d.checkout_id and f.kind = d.kind)
    )
    insert into payments.differences as d (checkout_id, kind, problem, ours_cents, theirs_cents)
    select checkout_id, kind, problem, ours_cents, theirs_cents from found
    on conflict (tenant_id, checkout_id, kind) do update set
      problem = excluded.problem, ours_cents = excluded.ours_cents, theirs_cents = excluded.theirs_cents,
      found_at = plimsoll.now(), resolved_at = null
    where d.resolved_at is not null
      or (d.problem, d.ours_cents, d.theirs_cents) <> (excluded.problem, excluded.ours_cents, excluded.theirs_cents)
    returning kind, checkout_id, problem, ours_cents, theirs_cents, found_at, resolved_at`.many();
  for (const { problem } of found) count(differences, { problem });
  return { found: found.slice(0, payments.mostReported) };
});

export const listDifferences = implement(payments.listDifferences, ({ state, ...input }, { sql, page }) =>
  page(input, {
    rows: (after: readonly [string, string] | undefined, limit) => {
      const shown = { open: sql`and resolved_at is null`, closed: sql`and resolved_at is not null`, all: sql`` }[state];
      const behind = after ? sql`and (checkout_id, kind) < (${after[0]}, ${after[1]})` : sql``;
      return sql(Difference)`
        select kind, checkout_id, problem, ours_cents, theirs_cents, found_at, resolved_at from payments.differences
        where true ${shown} ${behind} order by checkout_id desc, kind desc limit ${limit}`.many();
    },
    position: ({ checkoutId, kind }): readonly [string, string] => [checkoutId, kind],
  }),
);
