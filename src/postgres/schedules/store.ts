import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Statement } from "../../operation/transaction.ts";
import type { Firing, FiringResult, ScheduleReading, ScheduleStore, StoredSchedule } from "../../schedules/store.ts";
import { type Answer, asCommand, type Connection } from "../connection.ts";
import { borrowed, type Lender } from "../lender.ts";

/** Less than the lease of a worker, which has one look for everything: a schedule must not cost it its tasks. */
const withinMs = 5_000;
/** A process that stops between two flights is cut off after so long, and lets go of its schedule. */
const idleMs = 2_000;

/** Keeps schedules in PostgreSQL. See the migration for how, and {@link ScheduleStore} for what is guaranteed. */
export class PostgresScheduleStore implements ScheduleStore {
  readonly #lender: Lender;

  constructor(lender: Lender) {
    this.#lender = lender;
  }

  async declare(schedules: readonly { readonly name: string; readonly rule: string }[]): Promise<ScheduleReading> {
    const names = schedules.map(({ name }) => name);
    return this.#borrow(async (connection) => {
      const declared = connection.send(
        declaration(
          names,
          schedules.map(({ rule }) => rule),
        ),
      );
      const [, read] = await Promise.all([declared, connection.send(reading(names))]);
      return readingOf(read);
    });
  }

  async read(names: readonly string[]): Promise<ScheduleReading> {
    return readingOf(await this.#borrow((connection) => connection.send(reading(names))));
  }

  fire(firing: Firing): Promise<FiringResult> {
    return this.#borrow((connection) => fire(connection, firing));
  }

  async pause(name: string, paused: boolean): Promise<boolean> {
    const text = "select plimsoll.pause_schedule($1, $2) as known";
    const { rows } = await this.#borrow((connection) => connection.send({ text, values: [name, paused], columnsAsIs: true }));
    return rows[0]?.known === true;
  }

  #borrow<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return borrowed(this.#lender, withinMs, work);
  }
}

/** Two flights: the first takes the occurrences, the second starts their tasks and commits. */
async function fire(connection: Connection, { name, rule, from, to, statements }: Firing): Promise<FiringResult> {
  const ignored = () => undefined;
  connection.sendAside(asCommand("begin isolation level read committed"), ignored);
  connection.sendAside(asCommand(`set local idle_in_transaction_session_timeout = ${idleMs}`), ignored);
  let result: FiringResult | undefined;
  try {
    result = resultOf(await connection.send(taking({ name, rule, from, to })));
  } finally {
    if (result?.state !== "fired") await connection.sendCommand("rollback").catch(ignored);
  }
  if (result.state !== "fired") return result;
  const sent = [...statements.map((statement) => connection.send(statement)), connection.sendCommand("commit")];
  // Wait for all of them: no statement may be in flight when the connection goes to another caller.
  const answers = await Promise.allSettled(sent);
  for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
  const end = await sent.at(-1);
  if (end?.command === "COMMIT") return result;
  throw new Fault({
    code: "aborted",
    type: "conflict",
    message: `The server did not commit the occurrences of ${name}, so their tasks were not started. No action is needed: they are tried again.`,
  });
}

function declaration(names: readonly string[], rules: readonly string[]): Statement {
  return { text: "select plimsoll.declare_schedules($1, $2, $3)", values: [names, rules, limits.scheduleKeptMs], columnsAsIs: true };
}

function reading(names: readonly string[]): Statement {
  return { text: "select * from plimsoll.read_schedules($1)", values: [names], columnsAsIs: true };
}

function taking({ name, rule, from, to }: Omit<Firing, "statements">): Statement {
  return { text: "select * from plimsoll.fire_schedule($1, $2, $3, $4)", values: [name, rule, from, to], columnsAsIs: true };
}

interface ScheduleRow {
  readonly name: string;
  readonly rule: string | null;
  readonly last_occurrence: number;
  readonly paused: boolean;
  readonly now_ms: number;
}

function readingOf({ rows }: Answer): ScheduleReading {
  const read = rows as unknown as readonly ScheduleRow[];
  const schedules = read.flatMap(({ name, rule, last_occurrence: lastOccurrence, paused }): StoredSchedule[] =>
    rule === null ? [] : [{ name, rule, lastOccurrence, paused }],
  );
  return { schedules, now: read[0]?.now_ms ?? 0 };
}

function resultOf({ rows }: Answer): FiringResult {
  const { state, last_occurrence: lastOccurrence, now_ms: now } = rows[0] as Record<string, unknown>;
  return { state, lastOccurrence: lastOccurrence ?? undefined, now } as FiringResult;
}
