import { messageOf } from "../core/value/thrown.ts";
import type { Runtime } from "../pipeline/runtime.ts";
import type { MessagingSignals } from "./signals.ts";

const quietMs = 10_000;

/** Logs what goes wrong with messages. *Bounds*: of each kind and subscription one line in ten seconds. */
export function warnOfMessaging({ clock, signals }: Pick<Runtime, "clock" | "signals">, messaging: MessagingSignals): void {
  const quietUntil = new Map<string, number>();
  const warn = (kind: string, message: string, fields: Readonly<Record<string, unknown>>) => {
    if (clock.monotonic() < (quietUntil.get(kind) ?? Number.NEGATIVE_INFINITY)) return;
    quietUntil.set(kind, clock.monotonic() + quietMs);
    const ids = { requestId: "", traceId: "", spanId: "" };
    signals.logged.publish({ level: "warn", message, fields, at: clock.now(), operation: "plimsoll.messaging", ...ids });
  };
  messaging.failing.on(({ subscription, broker, error }) =>
    warn(
      `failing ${subscription}`,
      `${subscription} cannot receive from ${broker}; it keeps trying. Check that the broker and the database respond.`,
      { subscription, broker, error: messageOf(error) },
    ),
  );
  messaging.full.on((full) =>
    warn(
      `full ${full.subscription}`,
      `${full.subscription} has received ${full.unhandled} messages that it has not handled, and receives no more until it has. Raise its budget.concurrency, or look at /events for what holds it up.`,
      full,
    ),
  );
  messaging.deadLettered.on(({ subscription, broker, place, reason }) =>
    warn(`refused ${subscription}`, `${subscription} cannot read a message of ${broker}, and keeps it as a dead letter: ${reason}`, {
      ...{ subscription, place },
    }),
  );
}
