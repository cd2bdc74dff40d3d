import type { LoadLine } from "../../core/load-line/load-line.ts";
import { loadLines } from "../../core/load-line/load-lines.ts";
import { Call, type RunOptions } from "./call/call.ts";

/** What a policy is put around: any function, sync or async. It is given the call, whose `signal` says when to stop. */
export type Work<T> = (call: Call) => T | PromiseLike<T>;

/** Work that may run more than once. Made by {@link idempotent}; the compiler names the property where it is missing. */
export interface IdempotentWork<T> {
  (call: Call): T | PromiseLike<T>;
  readonly "a retry or a hedge may run it twice: if that does no harm, wrap it in idempotent()": true;
}

/**
 * Declares that a function may run twice, also at the same time, with the effect of once: it only reads, or it sends an idempotency key.
 * Without it the compiler refuses the function where a policy retries or hedges.
 * @example policy.run(idempotent(({ signal }) => fetch(url, { signal })))
 */
export function idempotent<T>(work: Work<T>): IdempotentWork<T> {
  return work as IdempotentWork<T>;
}

/** How often a policy may run its work: `repeats` asks for work that is {@link idempotent}. */
export type Runs = "once" | "repeats";

/** Any policy, alone or composed. A policy of one kind is none of `Policy<Runs>`, since what it runs depends on the kind: so this is their union. */
export type AnyPolicy = Policy<"once", unknown> | Policy<"repeats", unknown> | Policy<Runs, unknown>;

/** Whether a policy repeats its work. */
export type RunsOf<P> = P extends { readonly "may run its work": infer R extends Runs } ? R : never;

/** What a policy may return in place of the result of its work. */
export type FallbackOf<P> = P extends { readonly "may return in its place": infer F } ? F : never;

/**
 * A rule for how a function is called. Each policy works alone; `compose` puts several around each other.
 * `R` says whether it may run its work more than once, `F` what it may return in place of the work's result.
 */
export abstract class Policy<R extends Runs = Runs, F = unknown> {
  declare readonly "may run its work": R;
  declare readonly "may return in its place": F;

  /** The policies that it is made of, the outermost first; itself where it is not composed. */
  get parts(): readonly Policy[] {
    return [this as unknown as Policy];
  }

  /** The limits that it holds, for what lists them: each begins with the name of the policy, until `nameUnder` puts that of its owner before it. */
  get [loadLines](): readonly LoadLine[] {
    return [];
  }

  /** Runs work as part of a call that has begun: what other policies, and those of your own, are built with. */
  abstract around<T>(work: Work<T>, call: Call): Promise<T>;

  /** Runs work under this policy. Rejects with what the work threw, or with the fault of the policy. */
  run<T>(work: "repeats" extends R ? IdempotentWork<T> : Work<T>, options?: RunOptions): Promise<T | F> {
    return this.around(work as Work<T>, Call.begin(options));
  }
}
