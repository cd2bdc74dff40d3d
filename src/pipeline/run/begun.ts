import { Fault } from "../../core/fault.ts";
import { neverRun, type WrittenStatement } from "../../operation/sql.ts";

// Commands of SQL as far as no fragment begins like them. What begins otherwise (`and paid`, `order by id`) may stay unused.
const command =
  /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()*(?:select|with|merge|call|truncate|lock|notify|copy|create|alter|drop|grant|revoke|refresh|explain|analyze|vacuum|insert\s+into|delete\s+from|comment\s+on|do\s*(?:\$|'|language)|set\s+(?:local|session|constraints|role|transaction)|update\s+(?!set\b|of\b|nowait\b|skip\b)\S)/i;

/** What one handler has begun: the statements that it wrote, and the promises that it was given. When it returns, nothing may be left. */
export class Begun {
  #unsent: Set<WrittenStatement> | undefined;
  #promises: Set<WatchedPromise<unknown>> | undefined;
  /** The handler has returned, or thrown. */
  ended = false;

  wrote(statement: WrittenStatement): void {
    this.#unsent ??= new Set();
    this.#unsent.add(statement);
  }

  uses(statement: WrittenStatement): void {
    this.#unsent?.delete(statement);
  }

  /**
   * The same promise, of which it is known whether code awaits it. Its rejection does not end the process: `failed` gets it.
   * `joins`: what it does belongs to the handler's transaction, so that it must be done when the handler returns, awaited or not.
   */
  promise<T>(work: Promise<T>, of: { readonly name: string; readonly joins: boolean; failed(error: unknown, awaited: boolean): void }) {
    const promise = new WatchedPromise<T>((resolve, reject) => work.then(resolve, reject));
    promise.about(of);
    this.#promises ??= new Set();
    const all = this.#promises.add(promise);
    promise.settles(
      () => all.delete(promise),
      (error) => of.failed(error, promise.awaited),
    );
    return promise as Promise<T>;
  }

  /** Throws where the handler returned and left something behind. *Faults thrown*: `internal`. */
  assertDone(): void {
    if (this.#unsent !== undefined && this.#unsent.size > 0) this.#assertSent([...this.#unsent]);
    for (const promise of this.#promises ?? []) {
      if (promise.awaited && (promise.rejected || !promise.joins)) continue;
      throw notAwaited(promise);
    }
  }

  #assertSent(unsent: readonly WrittenStatement[]): void {
    const inner = new Set(unsent.flatMap(({ parts }) => parts));
    const forgotten = unsent.find((statement) => !inner.has(statement) && command.test(statement.compile().text));
    if (forgotten !== undefined) throw neverRun(forgotten);
  }
}

/** A promise that knows whether code waits for it. What is derived from it is an ordinary one. */
class WatchedPromise<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }
  awaited = false;
  rejected = false;
  name = "";
  joins = false;
  error: unknown;

  about({ name, joins }: { readonly name: string; readonly joins: boolean }): void {
    this.name = name;
    this.joins = joins;
  }

  /** Listens without counting as a waiter. */
  settles(done: () => void, failed: (error: unknown) => void): void {
    super.then(done, (error) => {
      this.rejected = true;
      this.error = error;
      failed(error);
    });
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  override then<A = T, B = never>(
    done?: ((value: T) => A | PromiseLike<A>) | null,
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.awaited = true;
    return super.then(done, failed);
  }
}

function notAwaited({ name, rejected, error }: WatchedPromise<unknown>): Fault {
  const what = rejected ? "failed, and no code awaited it" : "was still running when the handler returned";
  return new Fault({
    code: "internal",
    type: "promise_not_awaited",
    message: `${name} ${what}. Await every promise of the scope before the handler returns.`,
    ...(rejected && { cause: error }),
  });
}
