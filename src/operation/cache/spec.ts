import type { Duration } from "../../core/duration.ts";

/**
 * Who may get a value that a query loaded once. `actor`: the actor for whom it was loaded, within its tenant. `tenant`: every caller of the tenant. `public`: every
 * caller; only where access is `"public"`.
 */
export type CachePer = "actor" | "tenant" | "public";

/** Returns the tags of a value, from the validated input and the output. What it throws is a bug. */
export type CacheTags<In, Out> = (input: In, output: Out) => readonly string[];

/** How the values of a query are kept and given to later callers. */
export interface CacheSpec<In, Out> {
  /** How long a value is used, from the beginning of its load. *Bounds*: 1 ms to 1 day. */
  readonly ttl: Duration;
  /** How much longer it may be used while a new value is loaded, or where the load fails. *Default*: 0. *Bounds*: up to 7 days. */
  readonly staleFor?: Duration;
  /**
   * Names by which commands invalidate the value: `invalidate("product:42")`. *Default*: none, so that only time ends it. *Bounds*: `limits.cacheTags` of
   * `limits.cacheTagChars` characters each; a value with more is not kept.
   */
  readonly tags?: readonly string[] | CacheTags<In, Out>;
  /**
   * Who may get the value of another caller. With `tenant` and `public` the handler has no `actor`, and neither has its transaction: what could differ between
   * callers who share the value is a bug that the first load shows. With `public` it has no tenant either. *Default*: `actor`.
   */
  readonly per?: CachePer;
}
