import { inspect } from "node:util";
import { systemClock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { attempt, describeThrown } from "../core/value/thrown.ts";
import { current } from "../pipeline/pipeline.ts";
import { executionThatRejected } from "../pipeline/state/rejections.ts";
import type { RunningExecution } from "../pipeline/state/running-execution.ts";
import type { App } from "./app.ts";

/**
 * Starts an app and handles the signals of its process; resolves when the app is ready.
 * SIGTERM and SIGINT stop the app, and the process exits with 0; a second signal ends it at once. An exception that no code catches is attributed to
 * its operation and reported on `app.signals.crashed` and on stderr; then the app stops and the process exits with 1.
 * A start that fails is reported on stderr, and the process exits with 1.
 * *Bounds*: after a crash, running work has `limits.crashDrainMs`, and the whole stop twice that.
 * @example
 * const app = createApp({ … });
 * await supervise(app);
 */
export async function supervise(app: App): Promise<void> {
  const started = app.start();
  let ending = false;
  const end = (withinMs?: number) => {
    ending = true;
    // What is half started cannot be stopped yet; what cannot be stopped ends with the process.
    void started
      .then(() => app.stop(withinMs === undefined ? {} : { withinMs }))
      .catch((error: unknown) => failed(shown(error)))
      .then(() => process.exit());
  };
  const onSignal = () => (ending ? process.exit(1) : end());
  const onCrash = (error: unknown, origin: NodeJS.UncaughtExceptionOrigin) => {
    const execution = origin === "unhandledRejection" ? executionThatRejected(error) : undefined;
    if (execution !== undefined) return fails(execution, error);
    const operation = current.getStore()?.operation;
    app.signals.crashed.publish({ error, operation });
    failed(`${operation ?? "Code outside of every operation"} threw an exception that no code caught: ${shown(error)}`);
    if (ending) return;
    systemClock.schedule(limits.crashDrainMs * 2, () => process.exit());
    end(limits.crashDrainMs);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal).on("uncaughtException", onCrash);
  await started.catch((error: unknown) => {
    failed(error instanceof Fault ? error.message : shown(error));
    process.exit();
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
