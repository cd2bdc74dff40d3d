import { messageOf } from "../core/value/thrown.ts";
import type { Runtime } from "../pipeline/runtime.ts";
import type { ReadersHeld } from "./ports/log-store.ts";
import type { EventSignals } from "./signals.ts";

const failingMs = 10_000;
const foundMs = 600_000;

/** The message about a transaction that keeps readers back. */
export function whyReadersHeld({ pid, application, ageMs, statement }: ReadersHeld): string {
  const whose = pid === null ? `The ${application}` : `The session ${pid} (${application || "without an application name"})`;
  return `${whose} has had a transaction under way for ${Math.round((ageMs ?? 0) / 1_000)} s, and no subscription reads an event that was committed since it began. Its statement: ${statement}. End it, or have it commit sooner.`;
}

/** Logs what goes wrong with events. *Bounds*: of each kind one line in ten seconds, or in ten minutes of what the upkeep finds. */
export function warnOfEvents({ clock, signals }: Runtime, events: EventSignals): void {
  const quietUntil = new Map<string, number>();
  const warn = ({ kind, forMs }: { kind: string; forMs: number }, message: string, fields: Readonly<Record<string, unknown>>) => {
    if (clock.monotonic() < (quietUntil.get(kind) ?? Number.NEGATIVE_INFINITY)) return;
    quietUntil.set(kind, clock.monotonic() + forMs);
    const ids = { requestId: "", traceId: "", spanId: "" };
    signals.logged.publish({ level: "warn", message, fields, at: clock.now(), operation: "plimsoll.events", ...ids });
  };
  events.failing.on(({ error }) =>
    warn(
      { kind: "failing", forMs: failingMs },
      "The log of events cannot be reached; the worker keeps trying. Check that the database responds.",
      {
        error: messageOf(error),
      },
    ),
  );
  events.full.on((full) =>
    warn(
      { kind: `full ${full.subscription}`, forMs: foundMs },
      `${full.subscription} has ${full.parked} parked events, as many as may be, so its partition ${full.partition} waits at an event that failed. Fix the cause and retry, or skip events at /events.`,
      full,
    ),
  );
  events.stalled.on((stall) =>
    warn(
      { kind: `stalled ${stall.projection}`, forMs: foundMs },
      `${stall.projection} has ${stall.lag} events to apply and has stood still for ${Math.round(stall.stillMs / 1_000)} s. ${stall.why}`,
      { ...stall },
    ),
  );
  events.skipped.on((skipped) =>
    warn(
      { kind: `skipped ${skipped.projection}`, forMs: failingMs },
      `${skipped.projection} could not apply an event and skipped it: ${skipped.reason}. Fix the cause, and retry it or rebuild at /projections.`,
      { ...skipped },
    ),
  );
  events.readersHeld.on((held) => warn({ kind: "held", forMs: foundMs }, whyReadersHeld(held), { ...held }));
}
