import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSource } from "../app/database.ts";
import type { Statement, Transaction } from "../operation/transaction.ts";

/** Names the folder in which tests record the statements that they ran: `plimsoll test` sets it, `plimsoll db explain` reads what lies there. */
export const recordVariable = "PLIMSOLL_STATEMENTS";

/** A statement that a test ran: its text with numbered parameters, and where a handler wrote it. */
export interface RecordedStatement {
  /** As in `file:///app/orders/place.ts:12:9`. */
  readonly site: string;
  readonly text: string;
}

/** Records the statements of handlers, each once, where the environment asks for it. One file of JSON lines for each process. */
export function recorded(source: DatabaseSource): DatabaseSource {
  const folder = process.env[recordVariable];
  if (folder === undefined || folder === "") return source;
  mkdirSync(folder, { recursive: true });
  const seen = new Set<string>();
  const record = ({ text, writtenAt }: Statement): void => {
    // What the platform itself sends has no place in a handler.
    if (writtenAt === undefined) return;
    const { site } = writtenAt;
    const line = `${JSON.stringify({ site, text } satisfies RecordedStatement)}\n`;
    if (seen.has(line)) return;
    seen.add(line);
    appendFileSync(join(folder, `${process.pid}.jsonl`), line);
  };
  return {
    open: (context) => {
      const database = source.open(context);
      const begin = database.begin.bind(database);
      return Object.assign(database, {
        begin: (...[options]: Parameters<typeof begin>) => recording(begin(options), record),
      });
    },
  };
}

function recording(transaction: Transaction, record: (statement: Statement) => void): Transaction {
  const run = transaction.run.bind(transaction);
  return Object.assign(transaction, {
    run: (statement: Statement) => {
      record(statement);
      return run(statement);
    },
  });
}
