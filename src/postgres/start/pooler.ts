import { type Clock, sleep } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Connection } from "../connection.ts";
import { beginAlone } from "../wire/pinning.ts";

// Without a value it would be a command, which is not prepared.
const prepared = { text: "select pg_backend_pid() as pid, $1::int as plimsoll", values: [1], columnsAsIs: true };
/** A statement of this name is there already, or is not. */
const lost = new Set(["42P05", "26000"]);
/** Backends that are tried until the one is found on which the statement was prepared. */
const tries = 64;

/**
 * Refuses a pooler that loses named prepared statements between transactions. It is asked only where the backend that answers is another than the
 * one that greeted: something stands between. A statement is then prepared on one backend, and run again while another transaction holds that one.
 * *Faults thrown*: `failed_precondition` of type `pooler_loses_statements`.
 */
export async function checkPooler(first: Connection, open: () => Promise<Connection>): Promise<void> {
  if (!first.prepares) return;
  const { rows } = await first.sendCommand("select pg_backend_pid() as pid");
  if (rows[0]?.pid === first.greetedBy) return;
  const second = await open();
  try {
    await runElsewhere(first, second);
  } catch (error) {
    if (!lost.has(String((error as { readonly code?: unknown }).code))) throw error;
    throw losesStatements(error);
  } finally {
    void second.close(true);
  }
}

async function runElsewhere(first: Connection, second: Connection): Promise<void> {
  const { pid } = (await first.send(prepared)).rows[0] ?? {};
  for (let i = 0; i < tries; i++) {
    await second.sendCommand(beginAlone);
    const held = await second.sendCommand("select pg_backend_pid() as pid");
    if (held.rows[0]?.pid === pid) break;
    await second.sendCommand("rollback");
  }
  // Where the pooler has a single backend, this waits until the other lets go of it.
  const again = first.send(prepared);
  await Promise.race([again, pause(first.options.clock)]);
  await second.sendCommand("rollback");
  await again;
  // If the pooler does not track prepared statements, this backend has one of that name already, and this fails.
  await second.send(prepared);
}

const pause = (clock: Clock): Promise<void> => sleep(clock, limits.connectionCheckMs);

const losesStatements = (cause: unknown): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "pooler_loses_statements",
    message:
      "A pooler between the application and PostgreSQL loses prepared statements, so most requests would fail. Set max_prepared_statements of PgBouncer (1.21 or newer) to 200 or more, or send statements unprepared: postgres({ preparedStatements: false }).",
    cause,
  });
