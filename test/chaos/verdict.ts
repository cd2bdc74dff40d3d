import { setTimeout as wait } from "node:timers/promises";
import { withClient } from "../../src/postgres/client.ts";
import { taskTables } from "../tasks/books/task-tables.ts";
import type { LedgerClient } from "./client.ts";

/** Compares the books with the responses that the client got. Every list must be empty. */
export interface Verdict {
  /** Acknowledged, and no effect is there. */
  readonly lost: readonly string[];
  /** More than one effect of one key. */
  readonly doneTwice: readonly string[];
  /** An effect of a key that was answered with a fault, or of another execution than the answer says. */
  readonly contradicted: readonly string[];
  /** Sent, and never answered definitely. */
  readonly unanswered: readonly string[];
  /** Sums that do not fit. */
  readonly unbalanced: readonly string[];
  /** Transfers whose task did not do its work, or did it twice; tasks that wait for ever, or were given up. */
  readonly undone: readonly string[];
}

interface Effect {
  readonly key: string;
  readonly ids: readonly string[];
}

export async function judge(adminUrl: string, client: LedgerClient): Promise<Verdict> {
  return withClient(adminUrl, async (database) => {
    const { rows } = await database.query<Effect>("select key, array_agg(id::text) as ids from ledger.transfers group by key");
    const effects = new Map(rows.map(({ key, ids }) => [key, ids]));
    const { rows: stamps } = await database.query<{ problem: string }>(undone);
    const { rows: sums } = await database.query<{ problem: string }>(unbalanced);
    const lost: string[] = [];
    const contradicted = [...effects.keys()].filter((key) => !client.sent.has(key)).map((key) => `${key} was never sent`);
    for (const [key, { status, body }] of client.acknowledged) {
      const ids = effects.get(key);
      if (status !== 200) {
        if (ids !== undefined) contradicted.push(`${key} was refused and done`);
      } else if (ids === undefined) lost.push(key);
      else if (!ids.includes((JSON.parse(body) as { transferId: string }).transferId))
        contradicted.push(`${key} was done by another execution`);
    }
    return {
      lost,
      contradicted,
      doneTwice: rows.filter(({ ids }) => ids.length > 1).map(({ key }) => key),
      unanswered: [...client.sent].filter((key) => !client.acknowledged.has(key)),
      unbalanced: sums.map(({ problem }) => problem),
      undone: stamps.map(({ problem }) => problem),
    };
  });
}

/** The kills after which something was left for longer than `mostMs`, and the end, where that was so. */
export function unhealedOf(
  kills: readonly { readonly nth: number; readonly kind: string; readonly healedMs: number | undefined }[],
  { drainedMs, mostMs }: { readonly drainedMs: number; readonly mostMs: number },
): readonly string[] {
  return [
    ...kills.flatMap(({ nth, kind, healedMs = 0 }) => (healedMs > mostMs ? [`kill ${nth} of ${kind}: ${healedMs} ms`] : [])),
    ...(drainedMs > mostMs ? [`the end: ${drainedMs} ms`] : []),
  ];
}

/**
 * Waits until no task is left that was due at `since`, while the load goes on; returns how long after that it was, infinite where it was too long.
 * *Units*: milliseconds of `performance.now()`.
 */
export async function healed(adminUrl: () => string, since: number, withinMs: number): Promise<number> {
  const born = Math.floor(performance.timeOrigin + since);
  while (performance.now() - since < withinMs) {
    // The server may have died with it: then it is asked again once it is there.
    const left = await withClient(adminUrl(), async (database) => {
      const { rows } = await database.query(
        `select from ${taskTables.tasks} where born <= $1 union all select from ${taskTables.later} where born <= $1 limit 1`,
        [born],
      );
      return rows.length;
    }).catch(() => 1);
    if (left === 0) return performance.now() - since;
    await wait(20);
  }
  return Number.POSITIVE_INFINITY;
}

const undone = `
  select format('transfer %s has %s stamps', t.key, count(s.id)) as problem
  from ledger.transfers t left join ledger.stamps s on s.transfer_id = t.id group by t.id, t.key having count(s.id) <> 1
  union all
  select format('a stamp of %s, which is no transfer', s.transfer_id)
  from ledger.stamps s where not exists (select from ledger.transfers t where t.id = s.transfer_id)
  union all
  select format('task %s is left: lease %s', t.id, t.lease) from ${taskTables.tasks} t
  union all
  select format('task %s was given up: %s', d.id, d.reason) from ${taskTables.deadLetters} d`;

const unbalanced = `
  select format('account %s holds %s, its entries say %s', a.id, a.balance, a.opening + coalesce(sum(e.amount), 0)) as problem
  from ledger.accounts a left join ledger.entries e on e.account_id = a.id
  group by a.id, a.balance, a.opening having a.balance <> a.opening + coalesce(sum(e.amount), 0)
  union all
  select format('transfer %s has entries of %s', t.key, array_agg(e.amount))
  from ledger.transfers t left join ledger.entries e on e.transfer_id = t.id
  group by t.id, t.key having count(e.id) <> 2 or sum(e.amount) <> 0
  union all
  select format('%s in all, %s at the beginning', sum(balance), sum(opening)) from ledger.accounts having sum(balance) <> sum(opening)`;
