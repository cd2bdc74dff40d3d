import { codes } from "../../core/code.ts";
import { toFault } from "../../core/fault.ts";
import { messageOf } from "../../core/value/thrown.ts";
import { storable } from "../../tasks/context.ts";
import type { StoredEvent } from "../ports/log-store.ts";
import { Inapplicable } from "./fold.ts";

/** What is kept of an event that cannot be applied. */
export function reasonOf(error: unknown): { readonly code: string; readonly reason: string } {
  const code = error instanceof Inapplicable ? error.code : toFault(error).type;
  return { code: storable(code), reason: storable(messageOf(error)) };
}

/** The events of a batch that failed. */
interface Parts {
  readonly before: readonly StoredEvent[];
  /** The event that is at fault; undefined where it is not known yet. */
  readonly bad: StoredEvent | undefined;
  readonly after: readonly StoredEvent[];
}

/** What is to be tried apart after a batch failed; undefined where no event is at fault, and all is to be tried again later. */
export function partsOf(error: unknown, events: readonly StoredEvent[]): Parts | undefined {
  if (error instanceof Inapplicable) {
    const at = events.indexOf(error.event);
    return { before: events.slice(0, at), bad: error.event, after: events.slice(at + 1) };
  }
  const { code } = toFault(error);
  // A conflict, a lost lease, a database that cannot be reached.
  if (events.length === 0 || codes[code].retry === "at-once" || code === "unavailable" || code === "deadline_exceeded") return undefined;
  if (events.length === 1) return { before: [], bad: events[0], after: [] };
  const half = Math.ceil(events.length / 2);
  return { before: events.slice(0, half), bad: undefined, after: events.slice(half) };
}
