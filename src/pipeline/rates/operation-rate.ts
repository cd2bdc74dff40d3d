import { createHash } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { formatMs, parseDuration } from "../../core/duration.ts";
import { limits } from "../../core/limits.ts";
import { type LimitMode, LoadLine, limitModes, type RefusalCount } from "../../core/load-line/load-line.ts";
import type { AwaySaid, ShownRate } from "../../operation/away/away.ts";
import type { RateCaller, RateKey, RateLimit } from "../../operation/online/rate.ts";
import type { RateLimiter } from "../../resilience/rate-limit.ts";
import type { Report } from "../registry/problem.ts";

const longestPeriodMs = 2_592_000_000;
const pers: readonly unknown[] = ["tenant", "actor", "address", "all"];

/** What a rate reads of a request: an execution has it. */
export interface RatedRequest extends Pick<RateCaller, "actor" | "tenant"> {
  /** The actor within its tenant, or the address. */
  readonly caller: string | undefined;
  readonly input: unknown;
  readonly invocation: Pick<RateCaller, "address">;
}

/** A rate that operations declared, worked out; its limiter is opened before the app starts. */
export class OperationRate {
  /** As refusals, headers and the list of limits name it. */
  readonly name: string;
  readonly per: "tenant" | "actor" | "address" | "all" | "key";
  readonly limit: number;
  readonly burst: number;
  readonly periodMs: number;
  readonly maxKeys: number;
  readonly line: LoadLine;
  readonly above: RefusalCount;
  /** Set before the app starts. */
  limiter: RateLimiter | undefined = undefined;
  readonly #key: RateKey<never> | undefined;

  constructor(declared: RateLimit<never>, { name, mode }: { readonly name: string; readonly mode: LimitMode }) {
    const { per, limit, burst = limit, period, maxKeys = limits.operationRateKeys } = declared.spec;
    this.name = name;
    this.per = typeof per === "function" ? "key" : per;
    this.#key = typeof per === "function" ? per : undefined;
    this.limit = limit;
    this.burst = burst;
    this.periodMs = parseDuration(period) ?? 1_000;
    this.maxKeys = per === "all" ? 1 : maxKeys;
    this.line = new LoadLine({ name, unit: `requests per ${formatMs(this.periodMs)}`, declared: limit, mode });
    this.above = this.line.reason("rate");
  }

  get ratePerSecond(): number {
    return (this.limit * 1_000) / this.periodMs;
  }

  /** Whether its key is made of the input, so that it is known only once the input is valid. */
  get byInput(): boolean {
    return this.#key !== undefined;
  }

  /** Returns the key by which a request is counted; undefined where it is not counted. */
  keyOf(request: RatedRequest): string | undefined {
    const key = this.#rawKey(request);
    // What is kept of a key has a bound, whatever callers send.
    return key !== undefined && key.length > limits.rateKeyChars ? createHash("sha256").update(key).digest("base64url") : key;
  }

  #rawKey(request: RatedRequest): string | undefined {
    const { actor, tenant, caller, invocation, input } = request;
    switch (this.per) {
      case "all":
        return "";
      case "address":
        return invocation.address;
      case "actor":
        return caller;
      case "tenant":
        return tenant ?? caller;
      case "key":
        return this.#key?.(input as never, { actor, tenant, address: invocation.address });
    }
  }
}

/** One that an execution took, to be returned or shown. */
export interface TakenRate {
  readonly rate: OperationRate;
  readonly key: string;
}

/** Returns the rates of which an execution took, with what is left of each where that is known. Those of a remote operation are as its own process counts them. */
export function shownRates({ rates = [], said, host, compiled }: RatedExecution): readonly ShownRate[] {
  if (compiled.away !== undefined && said?.rates !== undefined) return said.rates;
  const own = rates.map(({ rate: { name, limit, periodMs, limiter }, key }): ShownRate => {
    const left = limiter?.read?.(key, host.clock.monotonic());
    return { name, limit, periodMs, ...(left !== undefined && { left: { remaining: left.remaining, resetMs: left.resetMs } }) };
  });
  return said?.rates === undefined ? own : [...own, ...said.rates];
}

interface RatedExecution {
  readonly rates?: readonly TakenRate[] | undefined;
  readonly said: AwaySaid | undefined;
  readonly host: { readonly clock: Pick<Clock, "monotonic"> };
  readonly compiled: { readonly away?: unknown };
}

/** The rates that the operations of one app declare: a declaration in several budgets is one rate. */
export class DeclaredRates {
  readonly #rates = new Map<unknown, OperationRate>();
  readonly #names: Set<string>;

  /** `names`: those of all rates of the app, so that each is listed under its own. */
  constructor(names: Set<string>) {
    this.#names = names;
  }

  get all(): readonly OperationRate[] {
    return [...this.#rates.values()];
  }

  /** Works the rates of one budget out, and reports those that cannot be. */
  compile(operation: string, { rate, mode = "enforce" }: DeclaredBudget, report: Report): readonly OperationRate[] {
    const list: readonly unknown[] = rate === undefined ? [] : Array.isArray(rate) ? rate : [rate];
    return list.flatMap((declared) => {
      const known = this.#rates.get(declared);
      if (known !== undefined) return [known];
      const problems = problemsOf(declared);
      for (const problem of problems) report(operation, "budget.rate", problem);
      if (problems.length > 0) return [];
      const { spec } = declared as RateLimit<never>;
      const compiled = new OperationRate(declared as RateLimit<never>, { name: this.#nameOf(operation, spec), mode: spec.mode ?? mode });
      this.#rates.set(declared, compiled);
      return [compiled];
    });
  }

  #nameOf(operation: string, { name, per }: RateLimit<never>["spec"]): string {
    const wanted = name ?? `${operation} rate per ${typeof per === "function" ? "key" : per}`;
    let free = wanted;
    for (let count = 2; this.#names.has(free); count++) free = `${wanted} ${count}`;
    this.#names.add(free);
    return free;
  }
}

interface DeclaredBudget {
  readonly rate?: unknown;
  readonly mode?: LimitMode;
}

function problemsOf(declared: unknown): readonly string[] {
  if ((declared as RateLimit | undefined)?.kind !== "rate limit")
    return ["It is not a rate. Declare one with rateLimit({ per, limit, period })."];
  const { per, limit, burst = 1, period, mode, name, maxKeys = 1 } = (declared as RateLimit<never>).spec;
  const problems: string[] = [];
  const periodMs = parseDuration(period);
  if (typeof per !== "function" && !pers.includes(per))
    problems.push(`It cannot be counted per "${per}". Write "tenant", "actor", "address", "all" or a function that returns the key.`);
  if (!isCount(limit, 1_000_000_000)) problems.push(`The limit ${limit} is not a whole number from 1 to 1000000000.`);
  if (!isCount(burst, 1_000_000_000)) problems.push(`The burst ${burst} is not a whole number from 1 to 1000000000.`);
  if (periodMs === undefined || periodMs < 1 || periodMs > longestPeriodMs)
    problems.push(`The period "${period}" is not a duration from 1ms to ${formatMs(longestPeriodMs)}.`);
  if (mode !== undefined && !limitModes.includes(mode)) problems.push(`"${mode}" is no mode. Write "enforce", "measure" or "off".`);
  if (name !== undefined && !/^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(name))
    problems.push("Its name is 1 to 100 printable ASCII characters without quotes and backslashes: headers carry it.");
  if (!isCount(maxKeys, 1_000_000)) problems.push(`${maxKeys} is no number of keys. Write a whole number from 1 to 1000000.`);
  return problems;
}

function isCount(value: unknown, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most;
}
