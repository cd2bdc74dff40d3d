import { availableParallelism } from "node:os";
import { inspect } from "node:util";
import { systemClock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { attempt, describeThrown } from "../core/value/thrown.ts";
import { current } from "../pipeline/pipeline.ts";
import { executionThatRejected } from "../pipeline/state/rejections.ts";
import type { RunningExecution } from "../pipeline/state/running-execution.ts";
import { type App, partsOf } from "./app.ts";
import type { SupervisorLink } from "./processes/link.ts";
import { memberVariable } from "./processes/member-variable.ts";

/** How an app is supervised. */
export interface SuperviseOptions {
  /**
   * Processes of this machine that run the app: `auto` is one for each core. With more than one, this process accepts the connections, passes each to the
   * process that is the least utilised, restarts what ends, has the ops port, and runs nothing of the app itself; SIGHUP replaces all processes one after the
   * other. *Default*: 1: this process runs the app. *Bounds*: 1 to `limits.processes`.
   */
  readonly processes?: number | "auto";
  /**
   * Runs when the app is ready, before `supervise` resolves, in one process only: for what the whole app does once, such as seeding its data. If that process
   * ends before this has resolved, its successor runs it again.
   */
  readonly once?: () => Promise<void> | void;
}

/**
 * Starts an app and handles the signals of its process; resolves when the app is ready.
 * SIGTERM and SIGINT stop the app, and the process exits with 0; a second signal ends it at once. An exception that no code catches is attributed to
 * its operation and reported on `app.signals.crashed` and on stderr; then the app stops and the process exits with 1.
 * A start that fails is reported on stderr, and the process exits with 1.
 *
 * With several processes, each of them runs the program from its beginning, and the promise resolves in each. In the process that was started it never does: so
 * what stands behind it runs in none that only supervises.
 * *Bounds*: after a crash, running work has `limits.crashDrainMs`, and the whole stop twice that.
 * *Faults thrown*: `failed_precondition` of type `processes_invalid`.
 * @example
 * const app = createApp({ … });
 * await supervise(app);
 */
export async function supervise(app: App, options: SuperviseOptions = {}): Promise<void> {
  // What only several processes need is not loaded for one.
  if (process.env[memberVariable] !== undefined && process.send !== undefined) {
    const { joinSupervisor } = await import("./processes/link.ts");
    return superviseMember(app, options, await joinSupervisor());
  }
  const processes = countProcesses(options.processes ?? 1);
  if (processes > 1) {
    const { superviseProcesses } = await import("./processes/supervise.ts");
    return superviseProcesses(app, processes);
  }
  const { started, end, isEnding } = superviseHere(app);
  const onSignal = () => (isEnding() ? process.exit(1) : end());
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  await started;
  await options.once?.();
}

/** One process of several: its supervisor decides when it ends, and it ends by itself when there is none any more. */
async function superviseMember(app: App, { once }: SuperviseOptions, link: SupervisorLink): Promise<void> {
  partsOf(app).join(link);
  const leave = () => link.channel.tell("leaving");
  const { started, end } = superviseHere(app, { leave, last: () => link.end() });
  // A terminal sends these to all processes: what they mean is decided once.
  process.on("SIGINT", () => undefined).on("SIGHUP", () => undefined);
  process.on("SIGTERM", () => leave() || end());
  process.once("disconnect", () => end());
  link.channel.on("stop", ({ withinMs }: { readonly withinMs: number }) => end(withinMs));
  await started;
  await link.started();
  if (!link.hello.first) return;
  await once?.();
  link.channel.tell("opened");
}

/** Starts an app, and ends the process when the app has to end or crashes. */
function superviseHere(app: App, { leave, last }: { readonly leave?: () => void; readonly last?: () => Promise<void> } = {}) {
  let ending = false;
  const starting = app.start();
  const end = (withinMs?: number) => {
    if (ending) return;
    ending = true;
    // What is half started cannot be stopped yet; what cannot be stopped ends with the process.
    void starting
      .then(() => app.stop(withinMs === undefined ? {} : { withinMs }))
      .catch((error: unknown) => failed(shown(error)))
      .then(last)
      .then(() => process.exit());
  };
  process.on("uncaughtException", (error: unknown, origin: NodeJS.UncaughtExceptionOrigin) => {
    const execution = origin === "unhandledRejection" ? executionThatRejected(error) : undefined;
    if (execution !== undefined) return fails(execution, error);
    const operation = current.getStore()?.operation;
    app.signals.crashed.publish({ error, operation });
    failed(`${operation ?? "Code outside of every operation"} threw an exception that no code caught: ${shown(error)}`);
    if (ending) return;
    leave?.();
    systemClock.schedule(limits.crashDrainMs * 2, () => process.exit());
    end(limits.crashDrainMs);
  });
  const started = starting.catch((error: unknown) => {
    // A signal reaches what is being started too, such as a database: that it did not start is what was asked for.
    if (ending) process.exit();
    failed(error instanceof Fault ? error.message : shown(error));
    process.exit();
  });
  return { started, end, isEnding: () => ending };
}

function countProcesses(processes: number | "auto"): number {
  if (processes === "auto") return Math.min(availableParallelism(), limits.processes);
  if (Number.isSafeInteger(processes) && processes >= 1 && processes <= limits.processes) return processes;
  throw new Fault({
    code: "failed_precondition",
    type: "processes_invalid",
    message: `supervise({ processes }) is ${String(processes).slice(0, 40)}. Write "auto" or a whole number from 1 to ${limits.processes}.`,
  });
}

/**
 * Runs a step before `supervise`, such as reading the configuration or creating the app. If the step throws a fault, this writes its message to stderr
 * without a stack and exits with 1. Any other error is a bug and is thrown on.
 * @example const settings = exitOnFault(() => config({ PORT: field(z.int()) }));
 */
export function exitOnFault<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    failed(error.message);
    process.exit();
  }
}

/** A rejection that the execution caused and that no code handled: it may not commit, and all others continue. */
function fails(execution: RunningExecution, error: unknown): void {
  for (const transaction of execution.transactions) transaction.doom(error);
  const { host, operation, requestId, traceId, spanId } = execution;
  host.signals.logged.publish({
    ...{ level: "error", message: `${operation} left a rejected promise that no code awaited. Await it before the handler returns.` },
    ...{ fields: { error }, at: host.clock.now(), operation, requestId, traceId, spanId },
  });
}

/** With its stack. What throws when it is shown is described instead. */
function shown(thrown: unknown): string {
  return attempt(() => inspect(thrown)) ?? describeThrown(thrown);
}

function failed(message: string): void {
  process.exitCode = 1;
  process.stderr.write(`${message}\n`);
}
