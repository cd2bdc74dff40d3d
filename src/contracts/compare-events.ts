import type { Changes } from "./change.ts";
import type { ContractsLock, DescribedEvent } from "./description.ts";
import { compareRead, compareSent } from "./schema/compare-schemas.ts";

type Events = Readonly<Record<string, DescribedEvent>>;

/** Compares events, which their readers find in the log long after they were written. */
export function compareEvents(before: Events, after: Events, { changes }: { readonly changes: Changes }): void {
  for (const [id, old] of Object.entries(before)) {
    const now = after[id];
    const [name = "", version = ""] = id.split("@");
    if (now === undefined) {
      const brought = Object.entries(after).find(
        ([other, { upcasts }]) => other.startsWith(`${name}@`) && upcasts?.includes(Number(version)),
      );
      const isThere = Object.keys(after).some((other) => other.startsWith(`${name}@`));
      if (brought === undefined)
        changes.breaks(isThere ? "event_version_removed" : "event_removed", id, {
          message: isThere ? "The version is gone, and no other one says how to read it." : "The event is gone.",
          affects: `its subscriptions, projections and receivers, and all ${id} in the log`,
          fix: isThere ? `Give the later version upcast: { ${version}: (data) => … }.` : "Keep it declared for as long as its log is read.",
        });
      else changes.harmless("event_version_upcast", id, `It is brought to ${brought[0]} when it is read.`);
      continue;
    }
    compareRead(
      { before: old.data, after: now.data, rule: "event", where: id, who: "its subscriptions, projections and receivers" },
      changes,
    );
    if (old.key !== now.key)
      changes.breaks("event_key_changed", id, {
        message: `The key was ${old.key} and is ${now.key}.`,
        affects: "readers who rely on the order of one key: events of before and after have different ones",
        fix: "Keep the key, and give the event a new version with the other one.",
      });
  }
  for (const id of Object.keys(after))
    if (before[id] === undefined) changes.harmless("event_added", id, "The event, or this version, is new.");
}

type SignalSchemas = NonNullable<ContractsLock["signals"]>;

/** Compares signals of sagas, which others send, and which are stored until a saga reads them. */
export function compareSignals(before: SignalSchemas, after: SignalSchemas, { changes }: { readonly changes: Changes }): void {
  for (const [saga, signals] of Object.entries(before))
    for (const [name, old] of Object.entries(signals)) {
      const where = `${saga} ${name}`;
      const now = after[saga]?.[name];
      if (now === undefined)
        changes.breaks("signal_removed", where, {
          message: "The signal is gone.",
          affects: "those who send it, and sagas under way that wait for it",
          fix: "Keep it declared until no saga waits for it.",
        });
      else
        compareSent(
          { before: old, after: now, rule: "signal", where, who: "senders, and signals that are stored,", beside: "signal" },
          changes,
        );
    }
  for (const [saga, signals] of Object.entries(after))
    for (const name of Object.keys(signals))
      if (before[saga]?.[name] === undefined) changes.harmless("signal_added", `${saga} ${name}`, "The signal is new.");
}
