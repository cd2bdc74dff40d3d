import type { Clock } from "../../../core/clock.ts";
import type { Call } from "./call.ts";

/** Waits on the clock, or rejects with the reason as soon as the call is cancelled. Leaves neither a timer nor a listener. */
export function pause(clock: Clock, call: Call, delayMs: number): Promise<void> {
  const { scope } = call;
  if (scope.aborted) return Promise.reject(scope.reason);
  return new Promise((resolve, reject) => {
    const onCancel = () => {
      timer.cancel();
      reject(scope.reason);
    };
    const timer = clock.schedule(delayMs, () => {
      scope.unlisten(onCancel);
      resolve();
    });
    scope.listen(onCancel);
  });
}
