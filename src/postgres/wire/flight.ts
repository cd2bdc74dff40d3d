import pg from "pg";
import { endsSession } from "../faults.ts";
import type { WireConnection, WireQuery } from "./query.ts";

/** A connection of `pg` whose messages are gathered: one write in the place of three for each statement. */
export interface WireMessages extends WireConnection {
  /** What was gathered since the last time. */
  taken(): Buffer;
}

/** Gathers what queries write to a connection of `pg`. */
export function gathering(connection: object): WireMessages {
  let messages: Buffer[] = [];
  return Object.assign(Object.create(connection), {
    _send(message: Buffer) {
      messages.push(message);
    },
    taken() {
      const bytes = Buffer.concat(messages);
      messages = [];
      return bytes;
    },
  }) as WireMessages;
}

/**
 * Statements of one transaction that share one sync: the server runs them one after the other, and sends all responses at once. After an error it
 * skips the others, as it would refuse them in a transaction that failed.
 *
 * With a sync each, the server ends and flushes a response for every statement, and both sides handle six messages where one does: about a tenth of
 * the server's processor time for a short transaction.
 * *Guarantees*: every statement is settled once, in the order in which they were joined, and none before the server has ended them all.
 */
export class WireFlight {
  /** Read by `pg`: none of its own results are used. */
  readonly _result = undefined;
  readonly binary = false;
  readonly values: readonly unknown[] = [];
  callback: unknown = noCallback;
  readonly #messages: WireMessages;
  readonly #parts: WireQuery[] = [];
  #connection: WireConnection | undefined;
  /** Those that were sent; what follows one that cannot be written is not. */
  #sent = 0;
  /** Which of them the server responds to now. */
  #at = 0;
  #isSettled = false;

  constructor(messages: WireMessages) {
    this.#messages = messages;
  }

  /** What `pg` keeps of prepared statements is kept by the name of the one whose response comes. */
  get name(): string | undefined {
    return this.#parts[this.#at]?.name;
  }

  get text(): string {
    return this.#parts[this.#at]?.text ?? "";
  }

  join(query: WireQuery): void {
    this.#parts.push(query);
  }

  submit(connection: WireConnection): Error | null {
    this.#connection = connection;
    const messages = this.#messages;
    for (const part of this.#parts) {
      if (!part.write(messages)) break;
      this.#sent++;
    }
    messages.sync();
    connection._send(messages.taken());
    return null;
  }

  handleParameterDescription(description: { readonly dataTypeIDs: readonly number[] }): void {
    this.#parts[this.#at]?.handleParameterDescription(description);
  }

  handleRowDescription(description: Parameters<WireQuery["handleRowDescription"]>[0]): void {
    this.#parts[this.#at]?.handleRowDescription(description);
  }

  handleDataRow(row: { readonly fields: readonly (string | null)[] }): void {
    this.#parts[this.#at]?.handleDataRow(row);
  }

  handleCommandComplete(tag: { readonly text: string }): void {
    this.#parts[this.#at++]?.handleCommandComplete(tag);
  }

  handleEmptyQuery(): void {
    this.#at++;
  }

  handleReadyForQuery(): void {
    this.#settle(undefined);
  }

  handleError(error: Error): void {
    this.#settle(error);
  }

  /** Without an error, what was not sent is one that could not be written and those behind it. */
  #settle(error: Error | undefined): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const ended = error === undefined ? this.#sent : this.#at;
    for (const [at, part] of this.#parts.entries()) {
      if (at < ended) part.handleReadyForQuery();
      else if (at > ended) part.skipped(isOfStatement(error) ? skipped() : error, this.#connection);
      else if (error === undefined) part.handleReadyForQuery();
      else part.handleError(error);
    }
  }

  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}

const noCallback = (): void => undefined;

/** Whether the connection outlives the error: then the server responds to what follows the sync. */
function isOfStatement(error: Error | undefined): boolean {
  return error === undefined || (error instanceof pg.DatabaseError && !endsSession(error));
}

/** As the server refuses what follows an error in a transaction. */
function skipped(): Error {
  const error = new pg.DatabaseError("current transaction is aborted, commands ignored until end of transaction block", 0, "error");
  error.code = "25P02";
  error.severity = "ERROR";
  return error;
}

// In pipeline mode `pg` refuses queries that are none of its own.
Object.setPrototypeOf(WireFlight.prototype, pg.Query.prototype);
