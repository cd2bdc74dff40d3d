import type { TestDatabase } from "plimsoll/testing";
import { seen, session } from "../../integration/scratch.ts";

// What tests look at in the tables of tasks, and the one place where tests apart from the store's own name these tables.

type Asked = Pick<TestDatabase, "admin">;
type Awaited = Pick<TestDatabase, "adminUrl">;

/** The names of the tables. `tasks`: what waits for a worker or is leased; `later`: what is not due. */
export const taskTables = {
  tasks: "plimsoll.tasks",
  later: "plimsoll.task_later",
  deadLetters: "plimsoll.task_dead_letters",
  done: "plimsoll.task_done",
  keys: "plimsoll.task_keys",
  queues: "plimsoll.task_queues",
  workers: "plimsoll.task_workers",
  schedules: "plimsoll.task_schedules",
} as const;
export type Part = keyof typeof taskTables;

/** Which rows; those that are left out do not matter. */
export interface Which {
  readonly id?: string;
  readonly name?: string;
  readonly queue?: string;
  readonly code?: string;
  readonly leased?: boolean;
  readonly attempt?: number;
  readonly rescues?: number;
  readonly priority?: number;
  readonly fairnessKey?: string;
  readonly paused?: boolean;
  /** The field `name` of the input. */
  readonly inputName?: string;
}

const columns: Readonly<Partial<Record<keyof Which, string>>> = {
  leased: "(lease is not null)",
  fairnessKey: "fairness_key",
  inputName: "input::json ->> 'name'",
};

function from(part: Part, which: Which = {}): { readonly text: string; readonly values: readonly unknown[] } {
  const asked = Object.entries(which) as [keyof Which, unknown][];
  const conditions = asked.map(([field], index) => `${columns[field] ?? field} = $${index + 1}`);
  return {
    text: `from ${taskTables[part]}${conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`}`,
    values: asked.map(([, value]) => value),
  };
}

/** Waits until there is such a row. */
export async function untilStored(database: Awaited, part: Part, which?: Which): Promise<void> {
  const { text, values } = from(part, which);
  await seen(database.adminUrl, `select ${text}`, [...values]);
}

/** Waits until there is such a row, and returns columns of it. */
export function firstStored<R extends Record<string, unknown>>(
  database: Awaited,
  part: Part,
  { columns: names, ...which }: Which & { readonly columns: readonly (keyof R & string)[] },
): Promise<R> {
  const { text, values } = from(part, which);
  return seen<R>(database.adminUrl, `select ${names.join(", ")} ${text}`, [...values]);
}

/** Waits until there are so many such rows, no more and no less. */
export async function untilCount(database: Awaited, part: Part, { count, ...which }: Which & { readonly count: number }): Promise<void> {
  const { text, values } = from(part, which);
  await seen(database.adminUrl, `select ${text} having count(*) = ${count}`, [...values]);
}

/** Counts such rows. */
export async function countStored(database: Asked, part: Part, which?: Which): Promise<number> {
  const { text, values } = from(part, which);
  const [row] = await database.admin<{ n: number }>(`select count(*)::integer as n ${text}`, values);
  return row!.n;
}

/** Returns columns of such rows, by the store's names, in no order. */
export function stored<R extends Record<string, unknown>>(
  database: Asked,
  part: Part,
  { columns: names, ...which }: Which & { readonly columns: readonly (keyof R & string)[] },
): Promise<R[]> {
  const { text, values } = from(part, which);
  return database.admin<R>(`select ${names.join(", ")} ${text}`, values);
}

/** Waits until no task waits, runs or is due later. */
export async function allDone(database: Awaited): Promise<void> {
  await seen(
    database.adminUrl,
    `select where not exists (select from ${taskTables.tasks}) and not exists (select from ${taskTables.later})`,
  );
}

/** Deletes all tasks, their keys, their history and the pauses of queues; `workers`: and who leases them. */
export async function emptyTasks(database: Asked, { workers = false } = {}): Promise<void> {
  const parts: readonly Part[] = ["tasks", "later", "deadLetters", "done", "keys", "queues", ...(workers ? (["workers"] as const) : [])];
  await database.admin(parts.map((part) => `delete from ${taskTables[part]}`).join("; "));
}

/** Deletes all rows of one table. */
export async function emptyPart(database: Asked, part: Part): Promise<void> {
  await database.admin(`delete from ${taskTables[part]}`);
}

/** Takes every task from the worker that has it, as if the lease had gone to another. */
export async function takeLeasesAway(database: Asked): Promise<void> {
  await database.admin(`update ${taskTables.tasks} set lease = null`);
}

/** Moves all tasks to another partition, in a transaction that the test commits. */
export function moveTasks(database: Awaited): ReturnType<typeof session> {
  return session(database.adminUrl, "begin", `update ${taskTables.tasks} set partition = (partition + 1) % 4`);
}

/** Runs PL/pgSQL for each row of a table, before or after it is written, until it is disposed of. */
export async function triggerOn(
  database: Asked,
  part: Part,
  { when, does }: { readonly when: string; readonly does: string },
): Promise<AsyncDisposable> {
  await database.admin(`create function books.triggered() returns trigger language plpgsql as $$ begin ${does} end $$`);
  await database.admin(`create trigger triggered ${when} on ${taskTables[part]} for each row execute function books.triggered()`);
  return {
    [Symbol.asyncDispose]: async () => {
      await database.admin(`drop trigger triggered on ${taskTables[part]}; drop function books.triggered()`);
    },
  };
}
