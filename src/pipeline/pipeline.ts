import { AsyncLocalStorage } from "node:async_hooks";
import { limits } from "../core/limits.ts";
import { runWithin } from "../core/node/run-within.ts";
import { Problems } from "../core/schema.ts";
import type { Actor } from "../operation/actor.ts";
import { type CarriedCall, carriedCall } from "../operation/authentication/carried.ts";
import { provenTenant } from "../operation/authentication/proven-tenant.ts";
import { carriedElsewhere } from "./away/faults.ts";
import { readCache } from "./cache/read.ts";
import { denied, invalidInput } from "./faults.ts";
import { lookUpPermissions } from "./permissions/look-up.ts";
import { acceptCredentials, presentCredentials, takeOperationRates, takeRate } from "./rate.ts";
import type { Slots } from "./slots.ts";
import type { Waiting } from "./state/invocation.ts";
import type { ShapedOutput } from "./state/output.ts";
import type { RunningExecution } from "./state/running-execution.ts";
import type { Runner, Step } from "./step.ts";
import { RunningStream } from "./stream/running-stream.ts";

/**
 * The way of every request, of every kind of operation and from every surface. A surface has matched the operation before it;
 * the reply, and the one signal that tells of it, follow in `Runtime.finish`.
 */
export const pipeline: readonly Step[] = [
  { name: "accept", applies: () => true, run: accept },
  // Before anything that costs: under overload most of what arrives ends here.
  { name: "shed", applies: ({ traits }) => !traits.durable, run: shed },
  { name: "authenticate", applies: () => true, run: authenticate },
  { name: "rate-limit", applies: ({ traits }) => traits.rateLimited, run: limitRate },
  { name: "limit the rate of the operation", applies: ({ rates }) => rates.byCaller.length > 0, run: limitOperation },
  { name: "share the loop among tenants", applies: ({ traits }) => !traits.durable, run: shareOut },
  // After the rates: what a caller may not ask loads nothing.
  { name: "look up the permissions of the tenant", applies: ({ tenantGrants }) => tenantGrants !== "none", run: lookUpPermissions },
  // Before the input: a stranger's body is neither read nor validated.
  { name: "authorize", applies: (operation) => operation.access !== "public", run: authorize },
  { name: "read the input", applies: () => true, run: readInput },
  { name: "validate the input", applies: () => true, run: validate },
  { name: "limit the rate by input", applies: ({ rates }) => rates.byInput.length > 0, run: limitByInput },
  // Before the slots: those who wait for a projection hold no place.
  { name: "look at the projections", applies: ({ reads }) => reads !== undefined, run: lookAtProjections },
  // Before the slots: a value that is there costs the operation nothing, and those who wait for the load of another hold no place.
  { name: "look into the cache", applies: ({ cache }) => cache !== undefined, run: readCache },
  // A stream holds its place until it has ended, and its slots only until it opens.
  { name: "take a place of the streams", applies: ({ stream }) => stream !== undefined, run: takeStreamPlace },
  { name: "take a slot of the operation", applies: () => true, run: takeSlot },
  { name: "take a slot of the process", applies: ({ traits }) => traits.processSlot, run: takeProcessSlot },
  // With its slots: to verify a signature is work.
  { name: "find the tenant that the input proves", applies: ({ operation }) => provenTenant in operation.spec, run: proveTenant },
  { name: "run", applies: () => true, run: run },
];

/** Who runs now, for whatever must be attributed to an operation: a bug thrown into the open, a span. */
export const current = new AsyncLocalStorage<RunningExecution>();

function accept(execution: RunningExecution): undefined {
  const { host, compiled, invocation } = execution;
  const { clock, ids } = host;
  execution.acceptedAt = clock.monotonic();
  execution.startedAt = clock.now();
  const trace = invocation.trace;
  execution.traceId = trace?.traceId ?? ids.traceId();
  execution.parentSpanId = trace?.parentSpanId;
  execution.traceState = trace?.state;
  execution.spanId = ids.spanId();
  execution.sampled = trace?.sampled ?? host.sampled(execution.traceId);
  execution.requestId = invocation.requestId ?? execution.spanId;
  const remaining = compiled.traits.carries === true ? undefined : invocation.remainingMs;
  execution.deadlineMs = remaining === undefined ? compiled.limits.deadlineMs : Math.min(compiled.limits.deadlineMs, remaining);
  execution.deadlineAt = execution.acceptedAt + execution.deadlineMs;
  host.wheel.add(execution, execution.acceptedAt);
  // Throw it here instead of letting the wheel expire it: no later step may run, or take a slot that nothing would release.
  if (execution.deadlineMs <= 0) throw execution.lateFault();
}

function shed(execution: RunningExecution): undefined {
  if (execution.invocation.polled) execution.host.shedder.shed(execution);
}

function shareOut(execution: RunningExecution): undefined {
  const { invocation, host, tenant, caller } = execution;
  if (invocation.polled) host.shedder.shareOut(execution, tenant ?? caller ?? "");
}

function authenticate(execution: RunningExecution): undefined | Promise<void> {
  const actor = execution.invocation.authenticate(execution);
  if (actor instanceof Promise) return actor.then((known) => identify(execution, known));
  return identify(execution, actor);
}

function identify(execution: RunningExecution, actor: Actor): undefined | Promise<void> {
  acceptCredentials(execution);
  execution.actor = actor;
  // Resolved once: a task keeps the tenant of its start, since its actor is the system.
  const { durable, host, invocation } = execution;
  execution.tenant = durable === undefined ? host.options.tenancy.tenantOf(actor) : durable.tenant;
  // Any caller can say that a request is critical: it counts only from callers that the app knows as its own.
  const carried = invocation.isInside === true ? undefined : carriedCall(actor);
  if (carried !== undefined) takeCarried(execution, carried);
  const { criticality } = invocation;
  const isInternal = durable !== undefined || host.options.internalCallers?.allows(actor) === true;
  if (isInternal) {
    if (criticality !== undefined) execution.criticality = criticality;
    const remainingMs = invocation.internalRemainingMs?.();
    if (remainingMs !== undefined) execution.shorten(remainingMs);
  }
  return host.revocations?.check(execution, presentCredentials);
}

/** What a service has signed of its call counts for the operation that it names, and for no other. */
function takeCarried(execution: RunningExecution, { module, operation, tenant, criticality }: CarriedCall): void {
  if (operation !== execution.compiled.name || module !== execution.compiled.module) throw carriedElsewhere();
  execution.tenant = tenant;
  execution.criticality = criticality;
}

function limitRate(execution: RunningExecution): undefined | Promise<void> {
  if (execution.host.rates.caller === undefined) return undefined;
  const { caller } = execution;
  return caller === undefined ? undefined : takeRate(execution, caller, execution.invocation.charges);
}

function limitOperation(execution: RunningExecution): undefined | Promise<void> {
  return takeOperationRates(execution, execution.compiled.rates.byCaller);
}

function limitByInput(execution: RunningExecution): undefined | Promise<void> {
  return takeOperationRates(execution, execution.compiled.rates.byInput);
}

function authorize(execution: RunningExecution): undefined {
  const { compiled, actor, permitted } = execution;
  if (compiled.access !== "public" && !compiled.access.allows(actor, permitted))
    throw denied(compiled, actor, execution.host.options.scheme);
}

function readInput(execution: RunningExecution): undefined | Waiting {
  return execution.invocation.readInput(execution);
}

function validate(execution: RunningExecution): undefined {
  const parsed = execution.compiled.input.parse(execution.input);
  if (parsed instanceof Problems) throw execution.invocation.refuseInput?.(parsed) ?? invalidInput(parsed.list, parsed.more);
  execution.sent = execution.input;
  execution.input = execution.durable === undefined ? parsed : execution.durable.sameInput(parsed);
}

function lookAtProjections(execution: RunningExecution): undefined | Promise<void> {
  const { reads } = execution.compiled;
  return reads && execution.host.projections.check(execution, reads);
}

function takeStreamPlace(execution: RunningExecution): undefined {
  const { compiled, host } = execution;
  if (compiled.stream === undefined) return;
  execution.streaming = new RunningStream(
    execution,
    compiled.stream,
    host.streams.take(execution, (refusal) => host.shedder.faultOf(refusal)),
  );
}

function takeSlot(execution: RunningExecution): undefined | Promise<void> {
  return enter(execution, execution.compiled.slots, holdSlot);
}

function holdSlot(execution: RunningExecution): void {
  execution.holdsSlot = true;
  // What it waited for before (a token, its body) and for the slot itself is not the operation's time.
  execution.slotAfterMs = execution.queuedSoFarMs();
}

function takeProcessSlot(execution: RunningExecution): undefined | Promise<void> {
  return enter(execution, execution.host.slots, holdProcessSlot);
}

function holdProcessSlot(execution: RunningExecution): void {
  execution.holdsProcessSlot = true;
}

function proveTenant(execution: RunningExecution): undefined {
  const { operation } = execution.compiled;
  // The schema of the operation has parsed the input.
  execution.tenant = operation.spec[provenTenant]?.(execution.input as never, new Date(execution.host.clock.now()));
}

function enter(execution: RunningExecution, slots: Slots, holds: (execution: RunningExecution) => void): undefined | Promise<void> {
  if (slots.tryEnter(execution)) return void holds(execution);
  const refusal = slots.wait(execution);
  if (refusal !== undefined) {
    execution.refusal = refusal;
    throw execution.host.shedder.faultOf(refusal);
  }
  return new Promise((resolve) =>
    execution.waitFor(slots, () => {
      // Granted in the moment in which it ended: no other code would release the slot.
      if (execution.settled) return slots.leave();
      holds(execution);
      resolve();
    }),
  );
}

function run(execution: RunningExecution, runner: Runner): undefined {
  execution.handling = true;
  const { entered } = runner;
  if (entered !== undefined && execution.acceptedAt - entered.acceptedAt >= limits.loopBlockedMs) runner.held = entered;
  runner.entered = execution;
  let running: Promise<ShapedOutput | undefined>;
  try {
    running = runWithin(current, execution, runner.execute);
  } catch (error) {
    // The handler did not begin, so the slots can be released at once.
    execution.handling = false;
    throw error;
  }
  running.then(
    (output) => {
      execution.handling = false;
      if (execution.settled) return runner.release(execution);
      execution.output = output;
      runner.finish(execution, undefined);
    },
    (error) => {
      execution.handling = false;
      if (execution.settled) return runner.release(execution);
      runner.fail(execution, error);
    },
  );
}
