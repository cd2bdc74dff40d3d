import { messageOf } from "../../core/value/thrown.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import type { ScheduleSignals } from "../../schedules/signals.ts";
import type { TaskSignals } from "../signals.ts";
import { whyHeld, whyUnserved } from "./reasons.ts";

const failingMs = 10_000;
const foundMs = 600_000;

/** Logs what goes wrong with tasks and schedules. *Bounds*: of each kind one line in ten seconds, or in ten minutes of what the upkeep finds. */
export function warnOfFailures({ clock, signals }: Runtime, tasks: TaskSignals, schedules: ScheduleSignals): void {
  const quietUntil = new Map<string, number>();
  const warn = (message: string, fields: Readonly<Record<string, unknown>>, { kind, forMs } = { kind: "failing", forMs: failingMs }) => {
    if (clock.monotonic() < (quietUntil.get(kind) ?? Number.NEGATIVE_INFINITY)) return;
    quietUntil.set(kind, clock.monotonic() + forMs);
    const ids = { requestId: "", traceId: "", spanId: "" };
    signals.logged.publish({ level: "warn", message, fields, at: clock.now(), operation: "plimsoll.tasks", ...ids });
  };
  const reason = (error: unknown) => ({ error: messageOf(error) });
  tasks.failing.on(({ error }) =>
    warn("The worker cannot reach its tasks, and keeps trying. Check that the database responds.", reason(error)),
  );
  schedules.failed.on(({ schedule, error }) =>
    warn(`The schedule ${schedule} cannot start its task, and keeps trying. Fix the cause in "error".`, reason(error)),
  );
  tasks.unserved.on((unserved) =>
    warn(whyUnserved(unserved), { ...unserved }, { kind: `${unserved.queue} ${unserved.task}`, forMs: foundMs }),
  );
  tasks.partitionsHeld.on((held) => warn(whyHeld(held), { ...held }, { kind: "slots", forMs: foundMs }));
}
