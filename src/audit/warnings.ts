import { messageOf } from "../core/value/thrown.ts";
import type { Runtime } from "../pipeline/runtime.ts";
import type { AuditSignals } from "./signals.ts";

const quietMs = 10_000;
const shownProblems = 10;

/** Logs what goes wrong with the audit trail. *Bounds*: of each kind one line in ten seconds. */
export function warnOfAudit({ clock, signals }: Runtime, audit: AuditSignals): void {
  const quietUntil = new Map<string, number>();
  const log = (level: "warn" | "error", message: string, fields: Readonly<Record<string, unknown>>) => {
    if (clock.monotonic() < (quietUntil.get(message) ?? Number.NEGATIVE_INFINITY)) return;
    quietUntil.set(message, clock.monotonic() + quietMs);
    const ids = { requestId: "", traceId: "", spanId: "" };
    signals.logged.publish({ level, message, fields, at: clock.now(), operation: "plimsoll.audit", ...ids });
  };
  audit.failing.on(({ error }) =>
    log("warn", "The audit trail cannot be reached; the process keeps trying. Check that the database responds.", {
      error: messageOf(error),
    }),
  );
  audit.lost.on((lost) =>
    log("error", "Audit records of refused executions were lost, because the database did not take them. Check that it responds.", lost),
  );
  audit.broken.on(({ problems }) =>
    log("error", "Audit records are not as they were written. Find out who could change them, and compare them with a backup.", {
      problems: problems.slice(0, shownProblems),
    }),
  );
}
