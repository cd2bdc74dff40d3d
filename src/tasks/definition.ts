import assert from "node:assert";
import { toMs } from "../core/duration.ts";
import { limits } from "../core/limits.ts";
import type { RetrySpec, TaskSpec } from "../operation/durable/task.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { type Backoff, exponential } from "../resilience/backoff.ts";

/** A task with everything filled in that its spec leaves out. */
export interface TaskDefinition {
  readonly compiled: CompiledOperation;
  readonly name: string;
  readonly queue: string;
  readonly priority: number;
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly ttlMs: number;
  /** Undefined: for as long as the task is not done. */
  readonly keyMs: number | undefined;
  readonly fairnessKey: "tenant" | ((input: unknown) => string);
  readonly maxPerKey: number | undefined;
  readonly history: boolean;
}

const defaultBackoff = exponential("1s", { max: "1h" });

// biome-ignore lint/suspicious/noExplicitAny: specs of tasks of every input meet here; the constructor checked each.
type AnyTaskSpec = TaskSpec<any, any>;

/** Reads what a task declares. Asserts what the compiler cannot see, with the fix. */
export function defineTask(compiled: CompiledOperation): TaskDefinition {
  const { name } = compiled;
  const {
    queue = "default",
    priority = 0,
    retry = {},
    ttl,
    unique,
    fairnessKey = "tenant",
    maxPerKey,
    history = false,
  } = compiled.operation.spec as unknown as AnyTaskSpec;
  const { attempts = limits.taskAttempts, backoff = defaultBackoff }: RetrySpec = retry;
  assert(
    /^[a-z][a-z0-9._-]{0,62}$/.test(queue),
    `${name}: "${queue}" is not a queue name. Write lower case letters, digits, dots and hyphens.`,
  );
  assert(
    Number.isInteger(attempts) && attempts >= 1 && attempts <= 1_000,
    `${name}: retry.attempts is ${attempts}. Write a whole number from 1 to 1000.`,
  );
  assert(isPriority(priority), `${name}: priority is ${priority}. Write a whole number from 0 to 9.`);
  assert(
    maxPerKey === undefined || (Number.isInteger(maxPerKey) && maxPerKey >= 1),
    `${name}: maxPerKey is ${maxPerKey}. Write a whole number from 1.`,
  );
  return {
    ...{ compiled, name, queue, priority, attempts, backoff, history, maxPerKey, fairnessKey },
    ttlMs: ttl === undefined ? limits.taskTtlMs : toMs(ttl as never),
    keyMs: unique === "active" ? undefined : unique === undefined ? limits.taskKeyMs : toMs(unique.for),
  };
}

/** Returns whether a value is a whole number from 0 to 9. */
export function isPriority(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 9;
}
