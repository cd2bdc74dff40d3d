import type { DatabaseContext, DatabaseSource } from "../../app/database.ts";
import type { Transaction, TransactionOptions, TransactionOwner } from "../../operation/transaction.ts";
import type { Connection } from "../../postgres/connection.ts";
import { asCommand } from "../../postgres/connection.ts";
import { PostgresDatabase, type PostgresSpec } from "../../postgres/database.ts";
import type { TransactionHost } from "../../postgres/transaction/host.ts";
import { PostgresTransaction } from "../../postgres/transaction.ts";

/** How a transaction is called on the wire. */
export interface WireLabel {
  /** `<operation>#<instance>`. */
  readonly name: string;
  readonly mode: "read" | "write";
}

const markStart = "/* plimsoll crash lab: ";
const marks = new RegExp(`^${markStart.replaceAll(/[*/]/g, "\\$&")}(read|write) (.+) \\*/$`);

/** Reads what {@link labelledDatabase} writes in front of each transaction. */
export function readMark(text: string): WireLabel | undefined {
  const match = text.startsWith(markStart) ? marks.exec(text) : null;
  return match === null ? undefined : { mode: match[1] as WireLabel["mode"], name: match[2]! };
}

/**
 * PostgreSQL as the app knows it, but for an empty statement in front of each transaction that says whose it is: on the wire nothing else does.
 * Everything that is put to the test is the platform's own.
 */
export function labelledDatabase(spec: PostgresSpec, nameOf: (owner: TransactionOwner) => string): DatabaseSource {
  return { open: (context) => new LabelledDatabase(spec, context, nameOf) };
}

class LabelledDatabase extends PostgresDatabase {
  readonly #nameOf: (owner: TransactionOwner) => string;

  constructor(spec: PostgresSpec, context: DatabaseContext, nameOf: (owner: TransactionOwner) => string) {
    super(spec, context, async () => ({ url: spec.url, adminUrl: spec.adminUrl }));
    this.#nameOf = nameOf;
  }

  override begin(options: TransactionOptions): Transaction {
    return new PostgresTransaction(this.#hostFor(options), options);
  }

  #hostFor({ owner, mode }: TransactionOptions): TransactionHost {
    const mark = (connection: Connection) => {
      connection.sendAside(asCommand(`${markStart}${mode} ${this.#nameOf(owner)} */`), () => undefined);
      return connection;
    };
    return {
      clock: this.clock,
      hasTransactionTimeout: this.hasTransactionTimeout,
      take: () => {
        const connection = this.take();
        return connection && mark(connection);
      },
      wait: async (deadlineAt) => mark(await this.wait(deadlineAt)),
      release: (connection) => this.release(connection),
      quarantine: (connection) => this.quarantine(connection),
      movedOn: (connection) => this.movedOn(connection),
      fateOf: (asked, until) => this.fateOf(asked, until),
    };
  }
}
