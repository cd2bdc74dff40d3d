import assert from "node:assert";
import type { Arrival } from "./outcome.ts";
import { hold, type Schedule, schedule } from "./schedule.ts";
import { checkThinkTime, type ThinkTime, thinkingUsers } from "./think.ts";

/** What a call of a scenario may depend on. */
export interface ScenarioArrival extends Arrival {
  /** A number in [0, 1) that repeats for the same arrival of the same scenario. */
  random(): number;
}

/** One operation of a scenario: how often it is called, and with what. */
export interface ScenarioOperation {
  /** The operation, or its name: as the metrics of the app have it. */
  readonly operation: string | { readonly name: string };
  /** Its part of the mix, against those of the others. *Default*: 1. */
  readonly weight?: number;
  /** *Default*: `GET`, or `POST` with a body. */
  readonly method?: string;
  readonly path: string | ((arrival: ScenarioArrival) => string);
  readonly headers?: Readonly<Record<string, string>>;
  /** The body of a call; a factory makes the data of each. *Default*: none. */
  readonly body?: string | ((arrival: ScenarioArrival) => string);
  /** *Units*: milliseconds. *Default*: that of the scenario. */
  readonly deadlineMs?: number;
  /** Executions of it at once, and those that wait, in one process: as its budget says. *Defaults*: 64, 128. */
  readonly concurrency?: number;
  readonly queue?: number;
}

/** A mix of calls to an app. */
export interface Scenario {
  /** Where the app takes requests: `http:` only. */
  readonly url: string;
  /** Its ops port, for calibration and for counts. */
  readonly ops?: string;
  /** *Units*: milliseconds. *Default*: 300. */
  readonly deadlineMs?: number;
  readonly operations: readonly ScenarioOperation[];
  /** Calls come from so many users as a rate needs, who pause between their calls. *Default*: from many users, independent of each other (Poisson). */
  readonly think?: ThinkTime;
  /** Where the app keeps its rows, to count what it writes: the URL of its PostgreSQL. *Default*: that is not counted. */
  readonly database?: string;
  /** How a checkout of the app is started for `--before`: a program and its arguments. It reads `PORT`, `OPS_PORT` and `DATA_DIR`. */
  readonly start?: readonly [string, ...string[]];
  /** Connections of the app's pool, and to each upstream. *Defaults*: 16, none. */
  readonly pool?: number;
  readonly upstreams?: Readonly<Record<string, number>>;
}

/**
 * Declares a scenario for `plimsoll load`.
 * *Bounds*: at least one operation; weights above 0.
 * @example
 * export default scenario({ url: "http://127.0.0.1:3000", ops: "http://127.0.0.1:9464", operations: [{ operation: "shop.list", path: "/v1/products" }] });
 */
export function scenario(spec: Scenario): Scenario {
  assert(spec.operations.length > 0, "a scenario calls at least one operation: add it to operations");
  for (const { weight = 1, operation } of spec.operations)
    assert(weight > 0 && Number.isFinite(weight), `the weight of ${nameOf(operation)} is a number above 0, not ${weight}`);
  if (spec.think !== undefined) checkThinkTime(spec.think);
  return spec;
}

/** The calls of a scenario at a constant rate. *Units*: calls per second, seconds. */
export function scheduleOf(
  { think }: Scenario,
  { rate, seconds, seed }: { readonly rate: number; readonly seconds: number; readonly seed: number },
): Schedule {
  return think === undefined
    ? schedule([hold(rate, seconds)], { spacing: "poisson", seed })
    : thinkingUsers(think, { rate, seconds, seed });
}

/** The name of an operation as the metrics of the app have it. */
export function nameOf(operation: ScenarioOperation["operation"]): string {
  return typeof operation === "string" ? operation : operation.name;
}

/** The share of each operation; together they are 1. */
export function sharesOf({ operations }: Scenario): readonly number[] {
  const all = operations.reduce((sum, { weight = 1 }) => sum + weight, 0);
  return operations.map(({ weight = 1 }) => weight / all);
}
