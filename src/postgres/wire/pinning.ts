import type { Statement } from "../../operation/transaction.ts";
import type { SessionPins } from "../session.ts";

/** How a connection sends a statement: joined to others under one sync, or with a sync of its own. */
export interface PinnedSending {
  readonly isJoined: boolean;
}

type Settled<T> = (error: Error | undefined, answer: T | undefined) => void;
type Send<T> = (statement: Statement, done: Settled<T>, sending: PinnedSending) => void;

/** Begins the transaction of a statement that is sent alone. */
export const beginAlone = "begin isolation level read committed";

const ignored = () => undefined;

/**
 * Gives every transaction of a connection the settings that it relies on, and a statement that is sent alone a transaction in which it has them: behind a pooler,
 * it runs on whatever session is free, which may have others. What is sent is followed in the order in which it is sent.
 * *Guarantees*: nothing is sent beside where no setting is pinned; a statement alone is settled when its transaction has ended.
 */
export class Pinning<T> {
  readonly #pins: SessionPins;
  readonly #send: Send<T>;
  readonly #frame: { readonly begin: Statement; readonly commit: Statement };
  #isInside = false;

  constructor(pins: SessionPins, frame: { readonly begin: Statement; readonly commit: Statement }, send: Send<T>) {
    this.#pins = pins;
    this.#frame = frame;
    this.#send = send;
  }

  send(statement: Statement, done: Settled<T>, sending: PinnedSending): void {
    const kind = frameOf(statement);
    const { statement: pins } = this.#pins;
    if (pins !== undefined && !this.#isInside && kind === "other" && !sending.isJoined) return this.#alone(statement, done, pins);
    this.#send(statement, done, sending);
    if (kind === "other") return;
    this.#isInside = kind === "begin";
    if (pins !== undefined && kind === "begin") this.#send(pins, ignored, sending);
  }

  /** With the commit under a sync of its own: after a statement that failed, it ends the transaction all the same. */
  #alone(statement: Statement, done: Settled<T>, pins: Statement): void {
    const joined = { isJoined: true };
    let failed: Error | undefined;
    let answer: T | undefined;
    // The commit may be done first: where the columns have types that the connection has to learn, it asks for them before the statement is settled.
    let open = 2;
    const failing = (error: Error | undefined) => {
      failed ??= error;
    };
    const settling = (error: Error | undefined) => {
      failing(error);
      if (--open === 0) done(failed, failed === undefined ? answer : undefined);
    };
    this.#send(this.#frame.begin, failing, joined);
    this.#send(pins, failing, joined);
    this.#send(
      statement,
      (error, answered) => {
        answer = answered;
        settling(error);
      },
      joined,
    );
    this.#send(this.#frame.commit, settling, { isJoined: false });
  }
}

/** Whether a statement begins a transaction, or ends one. */
function frameOf({ text, values }: Statement): "begin" | "end" | "other" {
  if (values.length > 0) return "other";
  if (text.startsWith("begin")) return "begin";
  return text === "commit" || text === "rollback" ? "end" : "other";
}
