import type { Statement } from "../../operation/transaction.ts";
import type { ClaimRequest, CompletedTask, Place, Settlement } from "../../tasks/ports/claim-store.ts";
import type { TaskRow } from "../../tasks/ports/start-store.ts";

// Columns as arrays: one statement of one text, whatever the number of rows.

/** Reads the rows when the statement is sent: until then more may be added. */
export function insertion(rows: readonly TaskRow[]): Statement {
  return {
    text: "select plimsoll.start_tasks($1, $2, $3, $4, $5, $6, $7, $8)",
    columnsAsIs: true,
    get values() {
      return columnsOf(rows);
    },
  };
}

function columnsOf(rows: readonly TaskRow[]): unknown[] {
  return [
    rows.map(({ id }) => id),
    rows.map(({ name }) => name),
    rows.map(({ queue }) => queue),
    rows.map(({ fairnessKey }) => fairnessKey),
    rows.map(({ priority }) => priority),
    rows.map(({ capped }) => capped),
    rows.map(({ input }) => input),
    rows.map(({ context }) => context ?? null),
  ];
}

/** For rows of one task, which all have a key. */
export function insertionKeyed(rows: readonly TaskRow[]): Statement {
  return {
    text: "select id, state from plimsoll.start_keyed_tasks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    columnsAsIs: true,
    values: [
      ...columnsOf(rows),
      rows.map(({ unique }) => unique?.id),
      rows.map(({ unique }) => unique?.inputHash),
      rows[0]?.unique?.ttlMs ?? null,
    ],
  };
}

/** For rows that are all known: most often they are alike but for their input. `soon`: seen by others before they are flushed, see {@link flush}. */
export function insertionNow(rows: readonly TaskRow[], soon = false): Statement {
  const [first] = rows;
  if (first === undefined || !rows.every((row) => isAlike(row, first))) return insertion(rows);
  const { name, queue, fairnessKey, priority, capped, context = null } = first;
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
    values: [name, queue, fairnessKey, priority, capped, context, ids, inputs],
  };
}

/** One row, seen by others before it is flushed, which tells a worker of it, or hands it over to one. */
export function insertionSoon({ id, name, queue, fairnessKey, priority, capped, input, context }: TaskRow): Statement {
  return {
    text: "select plimsoll.start_task_soon($1, $2, $3, $4, $5, $6, $7, $8)",
    columnsAsIs: true,
    values: [id, name, queue, fairnessKey, priority, capped, input, context ?? null],
  };
}

/** Ends when everything that was committed before is on the disk. */
export const flush: Statement = { text: "select plimsoll.flush()", values: [0].slice(1), columnsAsIs: true };

function isAlike(row: TaskRow, first: TaskRow): boolean {
  return (
    row === first ||
    (row.name === first.name &&
      row.queue === first.queue &&
      row.fairnessKey === first.fairnessKey &&
      row.priority === first.priority &&
      row.capped === first.capped &&
      row.context === first.context)
  );
}

/** Starts one task with plain parameters, which costs less than the arrays of many. */
export function insertionOne({ id, name, queue, fairnessKey, priority, capped, input, context, delayMs, at, unique }: TaskRow): Statement {
  return {
    text: "select id, state from plimsoll.start_task($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    columnsAsIs: true,
    values: [
      ...[
        id,
        name,
        queue,
        fairnessKey,
        priority,
        capped,
        input,
        context ?? null,
        delayMs === undefined ? null : Math.round(delayMs),
        at ?? null,
      ],
      ...[unique?.id ?? null, unique?.inputHash ?? null, unique?.ttlMs ?? null],
    ],
  };
}

/** Under the names that the port has for its columns. */
export const claimText =
  'select partition, place, id, name, fairness_key as "fairnessKey", rank, attempt, rescues, input, context, lag from plimsoll.claim_tasks($1, $2, $3, $4, $5, $6, $7, $8, $9)';

/** The claim of a worker. */
export function claim(token: number, { queue, limit, after, floor, except, maxPerKey, rate }: ClaimRequest): Statement {
  return {
    text: claimText,
    columnsAsIs: true,
    values: [token, queue, limit, after ?? null, floor, except, maxPerKey ?? null, rate?.perSecond ?? null, rate?.burst ?? null],
  };
}

/**
 * One statement for each partition in which completed tasks lie, and one each for those that are retried and deadLettered; each returns how many.
 * `isSameServer`: the server has not crashed since they were claimed, so that each lies where it lay, and need not be looked up by its id.
 */
export function settlement(
  token: number,
  { completed, kept, retried, deadLettered }: Settlement,
  isSameServer: (tasks: readonly CompletedTask[]) => boolean,
): readonly Statement[] {
  const statements: Statement[] = [];
  for (const [tasks, keep] of [[completed, false] as const, [kept, true] as const]) {
    const byPartition: CompletedTask[][] = [];
    for (const task of tasks) {
      byPartition[task.partition] ??= [];
      byPartition[task.partition]!.push(task);
    }
    for (const [partition, lying] of byPartition.entries())
      if (lying !== undefined) {
        const places = tidArray(lying);
        statements.push({
          columnsAsIs: true,
          ...(isSameServer(lying)
            ? { text: "select plimsoll.complete_tasks($1, $2, $3, $4) as kept", values: [token, partition, places, keep] }
            : {
                text: "select plimsoll.complete_tasks_by_id($1, $2, $3, $4, $5) as kept",
                values: [token, partition, places, lying.map(({ id }) => id), keep],
              }),
        });
      }
  }
  if (retried.length > 0)
    statements.push({
      text: "select plimsoll.retry_leased_tasks($1, $2, $3, $4, $5, $6, $7) as kept",
      columnsAsIs: true,
      values: [
        ...[token, ...placesOf(retried), retried.map(({ delayMs }) => Math.ceil(delayMs))],
        ...[retried.map(({ spent }) => spent), retried.map(({ context }) => context)],
      ],
    });
  if (deadLettered.length > 0)
    statements.push({
      text: "select plimsoll.dead_letter_leased_tasks($1, $2, $3, $4, $5, $6, $7) as kept",
      columnsAsIs: true,
      values: [
        ...[token, ...placesOf(deadLettered), deadLettered.map(({ code }) => code)],
        ...[deadLettered.map(({ reason }) => reason), deadLettered.map(({ context }) => context)],
      ],
    });
  return statements;
}

/** As PostgreSQL reads an array: places have nothing in them that would have to be escaped. */
function tidArray(tasks: readonly Place[]): string {
  return `{"${tasks.map(({ place }) => place).join('","')}"}`;
}

/** Splits places into three columns, as the functions of tasks take them. */
export function placesOf(tasks: readonly Place[]): [number[], string[], string[]] {
  return [tasks.map(({ partition }) => partition), tasks.map(({ place }) => place), tasks.map(({ id }) => id)];
}
