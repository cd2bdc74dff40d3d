import type { Statement } from "../../operation/transaction.ts";
import type { ClaimRequest, Place, Settlement, TaskRow } from "../../tasks/store.ts";

// Columns as arrays: one statement of one text, whatever the number of rows.

/** Reads the rows when the statement is sent: until then more may be added. */
export function insertion(rows: readonly TaskRow[]): Statement {
  return {
    text: "select plimsoll.start_tasks($1, $2, $3, $4, $5, $6, $7, $8)",
    columnsAsIs: true,
    get values() {
      return [
        rows.map(({ id }) => id),
        rows.map(({ name }) => name),
        rows.map(({ queue }) => queue),
        rows.map(({ lane }) => lane),
        rows.map(({ priority }) => priority),
        rows.map(({ capped }) => capped),
        rows.map(({ input }) => input),
        rows.map(({ context }) => context ?? null),
      ];
    },
  };
}

/** For rows that are all known: most often they are alike but for their input. `soon`: seen by others before they are flushed, see {@link flush}. */
export function insertionNow(rows: readonly TaskRow[], soon = false): Statement {
  const [first] = rows;
  if (first === undefined || !rows.every((row) => isAlike(row, first))) return insertion(rows);
  const { name, queue, lane, priority, capped, context = null } = first;
  let ids = first.id;
  // JSON as it is written here has no line break in it.
  let inputs = first.input;
  for (let at = 1; at < rows.length; at++) {
    const row = rows[at]!;
    ids += `,${row.id}`;
    inputs += `\n${row.input}`;
  }
  return {
    text: soon
      ? "select plimsoll.start_alike_tasks_soon($1, $2, $3, $4, $5, $6, $7, $8)"
      : "select plimsoll.start_alike_tasks($1, $2, $3, $4, $5, $6, $7, $8)",
    columnsAsIs: true,
    values: [name, queue, lane, priority, capped, context, ids, inputs],
  };
}

/** One row, seen by others before it is flushed, which tells a worker of it, or hands it over to one. */
export function insertionSoon({ id, name, queue, lane, priority, capped, input, context }: TaskRow): Statement {
  return {
    text: "select plimsoll.start_task_soon($1, $2, $3, $4, $5, $6, $7, $8)",
    columnsAsIs: true,
    values: [id, name, queue, lane, priority, capped, input, context ?? null],
  };
}

/** Ends when everything that was committed before is on the disk. */
export const flush: Statement = { text: "select plimsoll.flush()", values: [0].slice(1), columnsAsIs: true };

function isAlike(row: TaskRow, first: TaskRow): boolean {
  return (
    row === first ||
    (row.name === first.name &&
      row.queue === first.queue &&
      row.lane === first.lane &&
      row.priority === first.priority &&
      row.capped === first.capped &&
      row.context === first.context)
  );
}

export function insertionOne({ id, name, queue, lane, priority, capped, input, context, delayMs, at, unique }: TaskRow): Statement {
  return {
    text: "select id, state from plimsoll.start_task($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    columnsAsIs: true,
    values: [
      ...[id, name, queue, lane, priority, capped, input, context ?? null, delayMs === undefined ? null : Math.round(delayMs), at ?? null],
      ...[unique?.id ?? null, unique?.inputHash ?? null, unique?.ttlMs ?? null],
    ],
  };
}

export function claim(token: number, { queue, limit, after, floor, except, perLane, rate }: ClaimRequest): Statement {
  return {
    text: "select * from plimsoll.claim_tasks($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    columnsAsIs: true,
    values: [token, queue, limit, after ?? null, floor, except, perLane ?? null, rate?.perSecond ?? null, rate?.burst ?? null],
  };
}

/** One statement for each slot in which completed tasks lie, and one each for those that are retried and buried; each returns how many. */
export function settlement(token: number, { completed, kept, retried, buried }: Settlement): readonly Statement[] {
  const statements: Statement[] = [];
  for (const [tasks, keep] of [[completed, false] as const, [kept, true] as const]) {
    const bySlot: string[][] = [];
    for (const { slot, place } of tasks) {
      bySlot[slot] ??= [];
      bySlot[slot].push(place);
    }
    for (const [slot, places] of bySlot.entries())
      if (places !== undefined)
        statements.push({
          text: "select plimsoll.complete_tasks($1, $2, $3, $4) as kept",
          columnsAsIs: true,
          values: [token, slot, tidArray(places), keep],
        });
  }
  if (retried.length > 0)
    statements.push({
      text: "select plimsoll.retry_tasks($1, $2, $3, $4, $5, $6) as kept",
      columnsAsIs: true,
      values: [
        ...[token, ...placesOf(retried), retried.map(({ delayMs }) => Math.ceil(delayMs))],
        ...[retried.map(({ spent }) => spent), retried.map(({ context }) => context)],
      ],
    });
  if (buried.length > 0)
    statements.push({
      text: "select plimsoll.bury_tasks($1, $2, $3, $4, $5, $6) as kept",
      columnsAsIs: true,
      values: [
        ...[token, ...placesOf(buried), buried.map(({ code }) => code)],
        ...[buried.map(({ reason }) => reason), buried.map(({ context }) => context)],
      ],
    });
  return statements;
}

/** As Postgres reads an array: places have nothing in them that would have to be escaped. */
function tidArray(places: readonly string[]): string {
  return `{"${places.join('","')}"}`;
}

export function placesOf(tasks: readonly Place[]): [number[], string[]] {
  return [tasks.map(({ slot }) => slot), tasks.map(({ place }) => place)];
}
