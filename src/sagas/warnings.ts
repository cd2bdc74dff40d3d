import { messageOf } from "../core/value/thrown.ts";
import type { Runtime } from "../pipeline/runtime.ts";
import type { SagaSignals } from "./signals.ts";

const failingMs = 10_000;

/** Logs what goes wrong with sagas. *Bounds*: of failures of the store one line in ten seconds; a line for each saga that is suspended. */
export function warnOfSagas({ clock, signals }: Runtime, sagas: SagaSignals): void {
  let quietUntil = Number.NEGATIVE_INFINITY;
  const warn = (message: string, fields: Readonly<Record<string, unknown>>) => {
    const ids = { requestId: "", traceId: "", spanId: "" };
    signals.logged.publish({ level: "warn", message, fields, at: clock.now(), operation: "plimsoll.sagas", ...ids });
  };
  sagas.failing.on(({ error }) => {
    if (clock.monotonic() < quietUntil) return;
    quietUntil = clock.monotonic() + failingMs;
    warn("The sagas cannot be reached; the worker keeps trying. Check that the database responds.", { error: messageOf(error) });
  });
  sagas.ended.on(({ saga, id, state, fault }) => {
    if (state === "suspended") warn(`${saga} waits for a person: retry, skip, undo or fail it at /sagas/${id}.`, { saga, id, fault });
  });
}
