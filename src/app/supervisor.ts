import { inspect } from "node:util";
import { systemClock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { current } from "../pipeline/pipeline.ts";
import type { App } from "./app.ts";

/**
 * Starts an app and looks after its process from then on; resolves when the app is ready.
 * SIGTERM and SIGINT stop the app and end the process with 0; a second one ends it at once. A bug that is thrown into the open is attributed to its
 * operation and told on `app.signals.crashed` and on stderr; then the app stops and the process ends with 1.
 * A start that fails is told on stderr and ends the process with 1.
 * *Bounds*: `limits.crashDrainMs` for what runs when the app crashes, twice that for everything.
 * @example
 * const app = createApp({ … });
 * await supervise(app);
 */
export async function supervise(app: App): Promise<void> {
  const started = app.start();
  let ending = false;
  const onSignal = () => {
    if (ending) process.exit(1);
    ending = true;
    // What is half started cannot be stopped yet.
    void started.then(() => app.stop()).then(() => process.exit(0));
  };
  const onCrash = (error: unknown) => {
    process.exitCode = 1;
    const operation = current.getStore()?.operation;
    app.signals.crashed.publish({ error, operation });
    process.stderr.write(`${operation ?? "no operation"} threw what nobody catches: ${inspect(error)}\n`);
    if (ending) return;
    ending = true;
    systemClock.schedule(limits.crashDrainMs * 2, () => process.exit(1));
    void app.stop({ withinMs: limits.crashDrainMs }).finally(() => process.exit(1));
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal).on("uncaughtException", onCrash);
  await started.catch((error: unknown) => {
    process.stderr.write(`${error instanceof Fault ? error.message : inspect(error)}\n`);
    process.exit(1);
  });
}
