import assert from "node:assert";
import { createHash } from "node:crypto";
import { limits } from "../core/limits.ts";
import type { Handler } from "../operation/contract.ts";
import type { StepOptions } from "../operation/durable/saga.ts";
import type { RetrySpec } from "../operation/durable/task.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { type Backoff, exponential } from "../resilience/backoff.ts";
import { type CodeNames, namesOf } from "./body/code.ts";

/** How a step is retried, everything filled in. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly backoff: Backoff;
}

/** A saga with everything filled in that its spec leaves out. */
export interface SagaDefinition {
  readonly compiled: CompiledOperation;
  readonly name: string;
  readonly version: number;
  /** The code of each version that this process knows. */
  readonly bodies: ReadonlyMap<number, SagaBody>;
  readonly retry: RetryPolicy;
  readonly onFailure: "throw" | "ask";
  readonly atOnce: number;
  /** The earlier names of steps. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** The code of one version of a saga. */
export interface SagaBody {
  readonly run: Handler;
  /** Stands for the text of the code. */
  readonly digest: string;
  readonly names: CodeNames;
}

const defaultBackoff = exponential("1s", { max: "1m" });

/** Reads what a saga declares. Asserts what the compiler cannot see, with the fix. */
export function defineSaga(compiled: CompiledOperation): SagaDefinition {
  const { name, handler } = compiled;
  const spec = compiled.operation.spec as unknown as {
    readonly version?: number;
    readonly earlier?: Readonly<Record<string, Handler>>;
    readonly retry?: RetrySpec;
    readonly onFailure?: "throw" | "ask";
    readonly atOnce?: number;
    readonly renamed?: Readonly<Record<string, string>>;
  };
  const { version = 1, earlier = {}, onFailure = "throw", atOnce = limits.sagaParallelSteps, renamed = {} } = spec;
  assert(
    Number.isInteger(version) && version >= 1 && version <= 1_000_000,
    `${name}: version is ${version}. Write a whole number from 1 to 1000000.`,
  );
  assert(["throw", "ask"].includes(onFailure), `${name}: onFailure is "${onFailure}". Write "throw" or "ask".`);
  assert(Number.isInteger(atOnce) && atOnce >= 1 && atOnce <= 1_000, `${name}: atOnce is ${atOnce}. Write a whole number from 1 to 1000.`);
  const bodies = new Map<number, SagaBody>([[version, bodyOf(handler)]]);
  for (const [number, run] of Object.entries(earlier)) {
    assert(
      /^[1-9]\d{0,5}$/.test(number) && Number(number) < version,
      `${name}: earlier has the version ${number}. Write whole numbers below ${version}.`,
    );
    bodies.set(Number(number), bodyOf(run));
  }
  return {
    compiled,
    name,
    version,
    bodies,
    onFailure,
    atOnce,
    renamed: new Map(Object.entries(renamed)),
    retry: retryOf(name, spec.retry, { attempts: limits.sagaAttempts, backoff: defaultBackoff }),
  };
}

/** The policy of a step, which may leave out what its saga has. */
function retryOf(name: string, { attempts, backoff }: RetrySpec = {}, standard: RetryPolicy): RetryPolicy {
  const policy = { attempts: attempts ?? standard.attempts, backoff: backoff ?? standard.backoff };
  assert(
    Number.isInteger(policy.attempts) && policy.attempts >= 1 && policy.attempts <= 1_000,
    `${name}: retry.attempts is ${policy.attempts}. Write a whole number from 1 to 1000.`,
  );
  return policy;
}

/** The options of one step, everything filled in. */
export function optionsOf(definition: SagaDefinition, step: string, { retry, onFailure }: StepOptions) {
  return {
    retry: retry === undefined ? definition.retry : retryOf(`${definition.name}, step ${step}`, retry, definition.retry),
    onFailure: onFailure ?? definition.onFailure,
  };
}

function bodyOf(run: Handler): SagaBody {
  const text = String(run);
  return { run, digest: createHash("sha256").update(text).digest("hex").slice(0, 16), names: namesOf(text) };
}
