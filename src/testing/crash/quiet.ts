import type { CrashOutcome } from "./run.ts";

/** Whether nothing is under way: nothing runs in the app. */
export async function isQuiet<K>({ app }: CrashOutcome<K>): Promise<boolean> {
  return app.runtime.inFlight === 0;
}
