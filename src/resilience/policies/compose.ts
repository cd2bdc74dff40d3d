import assert from "node:assert";
import type { LoadLine } from "../../core/load-line/load-line.ts";
import { loadLines } from "../../core/load-line/load-lines.ts";
import type { Call } from "./call/call.ts";
import { type AnyPolicy, type FallbackOf, Policy, type Runs, type RunsOf, type Work } from "./policy.ts";

/**
 * Puts policies around each other: the first is the outermost.
 * *Bounds*: 1 to 16 policies; a composed policy counts as one. *Default order that holds*: fallback, bulkhead, retry, breaker, timeout, so that one place is taken for all attempts, each
 * attempt counts at the breaker, and each has a time of its own.
 * @example const upstream = compose(bulkhead({ concurrency: 50 }), retry({ attempts: 3 }), breaker(), timeout("300ms"));
 */
export function compose<const P extends readonly AnyPolicy[]>(...policies: P): Policy<RunsOf<P[number]>, FallbackOf<P[number]>> {
  assert(
    policies.length >= 1 && policies.length <= 16,
    `compose takes 1 to 16 policies, not ${policies.length}. A composed policy is a policy too: compose it.`,
  );
  return new Composed(policies as readonly unknown[] as readonly Policy[]);
}

class Composed<R extends Runs, F> extends Policy<R, F> {
  readonly #outermost: Policy;
  /** From the innermost to the second. */
  readonly #inner: readonly Policy[];

  constructor(policies: readonly Policy[]) {
    super();
    this.#outermost = policies[0]!;
    this.#inner = policies.slice(1).reverse();
  }

  override get parts(): readonly Policy[] {
    return [this.#outermost, ...this.#inner.toReversed()].flatMap(({ parts }) => parts);
  }

  /** A budget that several of them share is listed once. */
  override get [loadLines](): readonly LoadLine[] {
    return [...new Set(this.parts.flatMap((part) => part[loadLines]))];
  }

  around<T>(work: Work<T>, call: Call): Promise<T> {
    let next = work;
    for (let i = 0; i < this.#inner.length; i++) next = wrapped(this.#inner[i]!, next);
    return this.#outermost.around(next, call);
  }
}

function wrapped<T>(policy: Policy, work: Work<T>): Work<T> {
  return (call) => policy.around(work, call);
}
