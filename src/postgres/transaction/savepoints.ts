import { AsyncLocalStorage } from "node:async_hooks";
import { Fault } from "../../core/fault.ts";

/** One attempt that runs. */
interface Attempt {
  readonly outer: Attempt | undefined;
  readonly name: string;
  /** Its savepoint is on the server; before its first statement there is none. */
  sent: boolean;
  readonly undo: (() => void)[];
}

/** How an attempt ends: its work is kept, or undone. */
interface End {
  inside<T>(work: () => Promise<T>): Promise<T>;
  keep(): void;
  undo(): void;
}

const within = new AsyncLocalStorage<Attempt>();

/** The savepoints of one transaction. Nothing is sent for them alone: each goes out in front of the next statement. */
export class Savepoints {
  #current: Attempt | undefined;
  #made = 0;
  #due: string[] = [];

  begin(): End {
    const attempt: Attempt = { outer: this.#current, name: `attempt_${++this.#made}`, sent: false, undo: [] };
    this.#current = attempt;
    return {
      inside: (work) => within.run(attempt, async () => work()),
      keep: () => {
        this.#current = attempt.outer;
        if (attempt.sent) this.#due.push(`release savepoint ${attempt.name}`);
        attempt.outer?.undo.push(...attempt.undo);
      },
      undo: () => {
        this.#current = attempt.outer;
        if (attempt.sent) this.#due.push(`rollback to savepoint ${attempt.name}`, `release savepoint ${attempt.name}`);
        for (const undo of attempt.undo.reverse()) undo();
      },
    };
  }

  /** Whether the caller is inside of what runs: always where no attempt runs. */
  isInside(): boolean {
    return this.#current === undefined || within.getStore() === this.#current;
  }

  onUndo(undo: () => void): void {
    this.#current?.undo.push(undo);
  }

  /** The commands that must precede the next statement. */
  due(): readonly string[] {
    if (this.#current === undefined && this.#due.length === 0) return none;
    const commands = this.#due;
    this.#due = [];
    const opening: Attempt[] = [];
    for (let attempt = this.#current; attempt !== undefined && !attempt.sent; attempt = attempt.outer) opening.unshift(attempt);
    for (const attempt of opening) {
      attempt.sent = true;
      commands.push(`savepoint ${attempt.name}`);
    }
    return commands;
  }
}

const none: readonly string[] = [];
const beyond = new Set(["aborted", "unavailable", "deadline_exceeded", "cancelled"]);

/** Whether a failure is over once its attempt is undone. A conflict and an outage are the whole transaction's. */
export function isContained(cause: unknown): boolean {
  return !(cause instanceof Fault && (beyond.has(cause.code) || cause.type === "attempt_overlapped"));
}
