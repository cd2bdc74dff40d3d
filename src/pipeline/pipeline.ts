import { AsyncLocalStorage } from "node:async_hooks";
import { Fault } from "../core/fault.ts";
import { Problems } from "../core/schema.ts";
import type { Actor } from "../operation/actor.ts";
import { refused, type Slots } from "./admission.ts";
import type { CompiledOperation } from "./compiled.ts";
import { execute } from "./execute.ts";
import { denied, invalidInput } from "./refusals.ts";
import type { RunningExecution, Waiting } from "./running-execution.ts";

/** One step of the way of a request. It throws to refuse, and returns something to wait for only when it must. */
export interface Step {
  readonly name: string;
  /** Whether operations like this one need the step; asked once, at start. */
  applies(operation: CompiledOperation): boolean;
  run(execution: RunningExecution): undefined | Waiting;
}

/**
 * The way of every request, of every kind of operation and from every surface. A surface has matched the operation before it;
 * the reply, and the one signal that tells of it, follow in `Runtime.finish`.
 */
export const pipeline: readonly Step[] = [
  { name: "accept", applies: () => true, run: accept },
  { name: "authenticate", applies: () => true, run: authenticate },
  { name: "rate-limit", applies: ({ kind }) => kind !== "task", run: limitRate },
  { name: "read the input", applies: () => true, run: readInput },
  { name: "validate the input", applies: () => true, run: validate },
  { name: "authorize", applies: (operation) => operation.access !== "public", run: authorize },
  { name: "take a slot of the operation", applies: () => true, run: takeSlot },
  { name: "take a slot of the process", applies: ({ kind }) => kind !== "task", run: takeProcessSlot },
  { name: "run", applies: () => true, run: run },
];

/** Who runs now, for whatever must be attributed to an operation: a bug thrown into the open, a span. */
export const current = new AsyncLocalStorage<RunningExecution>();

/** Takes an execution from the given step to its end. */
export function advance(execution: RunningExecution, from: number): void {
  const { steps } = execution.compiled;
  try {
    for (let i = from; i < steps.length; i++) {
      const waiting = (steps[i] as Step).run(execution);
      if (waiting === undefined) continue;
      execution.waits();
      waiting.then(
        () => {
          execution.goesOn();
          if (execution.settled) execution.runtime.release(execution);
          else advance(execution, i + 1);
        },
        (error) => execution.runtime.fail(execution, error),
      );
      return;
    }
  } catch (error) {
    execution.runtime.fail(execution, error);
  }
}

function accept(execution: RunningExecution): undefined {
  const { runtime, compiled, invocation } = execution;
  const { clock, ids } = runtime;
  execution.acceptedAt = clock.monotonic();
  execution.startedAt = clock.now();
  const trace = invocation.trace;
  execution.traceId = trace?.traceId ?? ids.traceId();
  execution.parentSpanId = trace?.parentSpanId;
  execution.spanId = ids.spanId();
  execution.sampled = trace?.sampled ?? runtime.sampled(execution.traceId);
  execution.requestId = invocation.requestId ?? execution.spanId;
  const remaining = invocation.remainingMs;
  execution.deadlineMs = remaining === undefined ? compiled.limits.deadlineMs : Math.min(compiled.limits.deadlineMs, remaining);
  execution.deadlineAt = execution.acceptedAt + execution.deadlineMs;
  runtime.wheel.add(execution);
  // Thrown, not expired: nothing after this step may run, nor take what nobody would give back.
  if (execution.deadlineMs <= 0) throw execution.lateFault();
}

function authenticate(execution: RunningExecution): undefined | Promise<void> {
  const actor = execution.invocation.authenticate(execution);
  if (actor instanceof Promise) return actor.then((known) => identify(execution, known));
  return identify(execution, actor);
}

function identify(execution: RunningExecution, actor: Actor): undefined {
  execution.actor = actor;
  execution.tenant = execution.runtime.options.tenancy.tenantOf(actor);
}

// One actor object stands for one token: what is written once for it is found again without being hashed again.
const rateKeys = new WeakMap<Actor, string>();

/** Who is limited: the actor within his tenant, or the address where nobody signed in. No address has a line break in it. */
function rateKey({ actor, actorId, tenant = "", invocation }: RunningExecution): string | undefined {
  if (actorId === undefined) return invocation.address;
  let key = rateKeys.get(actor);
  if (key === undefined) {
    key = `${tenant}\n${actorId}`;
    rateKeys.set(actor, key);
  }
  return key;
}

function limitRate(execution: RunningExecution): undefined {
  const { rateLimiter, options } = execution.runtime;
  if (rateLimiter === undefined) return;
  const key = rateKey(execution);
  if (key === undefined) return;
  const waitMs = rateLimiter.take(key, execution.acceptedAt);
  if (waitMs === 0) return;
  const { perSecond: value, mode = "enforce" } = options.rateLimit;
  execution.refusal = { limit: "rate per actor", value, load: value, mode };
  if (mode === "measure") return;
  throw new Fault({
    code: "resource_exhausted",
    type: "rate_limited",
    message: `More than ${value} requests per second came from you. Come back in ${Math.ceil(waitMs)} ms and send fewer at once.`,
    details: { limit: "rate per actor", value, load: value, burst: options.rateLimit.burst },
    retryAfterMs: waitMs,
  });
}

function readInput(execution: RunningExecution): undefined | Waiting {
  return execution.invocation.readInput(execution);
}

function validate(execution: RunningExecution): undefined {
  const parsed = execution.compiled.input.parse(execution.input);
  if (parsed instanceof Problems) throw invalidInput(parsed.list);
  execution.input = parsed;
}

function authorize(execution: RunningExecution): undefined {
  const { compiled, actor } = execution;
  if (compiled.access !== "public" && !compiled.access.allows(actor)) throw denied(compiled, actor);
}

function takeSlot(execution: RunningExecution): undefined | Promise<void> {
  return enter(execution, execution.compiled.slots, () => {
    execution.holdsSlot = true;
  });
}

function takeProcessSlot(execution: RunningExecution): undefined | Promise<void> {
  return enter(execution, execution.runtime.slots, () => {
    execution.holdsProcessSlot = true;
  });
}

function enter(execution: RunningExecution, slots: Slots, holds: () => void): undefined | Promise<void> {
  if (slots.tryEnter()) return void holds();
  const refusal = slots.wait(execution);
  if (refusal !== undefined) {
    execution.refusal = refusal;
    if (refusal.mode === "enforce") throw refused(refusal);
    return void holds();
  }
  return new Promise((resolve) =>
    execution.waitFor(slots, () => {
      // Granted in the moment in which it ended: nobody else would give the slot back.
      if (execution.settled) return slots.leave();
      holds();
      resolve();
    }),
  );
}

function run(execution: RunningExecution): undefined {
  const { runtime } = execution;
  execution.handling = true;
  runtime.entered = execution;
  let running: Promise<string>;
  try {
    running = current.run(execution, runtime.execute, execution);
  } catch (error) {
    // Refused before the handler began: nothing is in use any more.
    execution.handling = false;
    throw error;
  }
  running.then(
    (body) => {
      execution.handling = false;
      if (execution.settled) return runtime.release(execution);
      execution.body = body;
      runtime.finish(execution, undefined);
    },
    (error) => {
      execution.handling = false;
      if (execution.settled) return runtime.release(execution);
      runtime.fail(execution, error);
    },
  );
}

/** The last step's work, replaced by an app whose sinks run handlers inside a context of their own. */
export const executeHandler: (execution: RunningExecution) => Promise<string> = execute;
