import { formatMs } from "../../core/duration.ts";
import { Fault, refusal } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";

/** One stream, as messages name it. */
interface Named {
  readonly type: string;
  readonly id: string;
}

/** Reports an event of a stream that the code cannot read. *Faults*: `stream_unreadable`. */
export const unreadableStream = ({ type, id }: Named, at: { readonly version: number; readonly event: string }, why: string): Fault =>
  new Fault({
    code: "internal",
    type: "stream_unreadable",
    message: `The event ${at.version} of the stream ${type} ${id}, ${at.event}, cannot be read: ${why}. Add what is missing to the code; nothing was changed.`,
  });

/** Refuses a stream of too many events. *Faults*: `stream_too_long`. */
export const longStream = ({ type, id }: Named): Fault =>
  new Fault({
    code: "internal",
    type: "stream_too_long",
    message: `The stream ${type} ${id} has more than ${limits.streamEventsRead} events to read. Give eventStream a snapshot policy, or end streams and begin others, as with each month.`,
  });

/** Reports a snapshot that is another state than its events give. *Faults*: `snapshot_mismatch`. */
export const snapshotMismatch = ({ type, id }: Named, version: number): Fault =>
  new Fault({
    code: "internal",
    type: "snapshot_mismatch",
    message: `The snapshot of the stream ${type} ${id} at version ${version} is not the state that its events give now. Raise snapshot.version with each change of evolve or of the state, and keep the state to what JSON can say.`,
  });

/** Refuses a query whose projection is further behind than it declares. *Faults*: `projection_behind`. */
export const tooFarBehind = (
  projection: string,
  {
    lagMs,
    stalenessMs,
    started,
    random,
  }: { readonly lagMs: number; readonly stalenessMs: number; readonly started: boolean; readonly random: number },
): Fault => {
  const how = started ? `is ${formatMs(lagMs)} behind its events` : "has never been made of its events";
  return refusal({
    code: "unavailable",
    type: "projection_behind",
    message: `${projection} ${how}, and this query accepts ${formatMs(stalenessMs)}. Nothing was read; send the request again later.`,
    details: { projection, lagMs: started ? Math.round(lagMs) : null, stalenessMs },
    retryAfterMs: retryAfterMs(random),
  });
};

/** Refuses a query that waited for a position as long as it may. *Faults*: `position_not_reached`. */
export const notReached = (projection: string, { waitedMs, random }: { readonly waitedMs: number; readonly random: number }): Fault =>
  refusal({
    code: "unavailable",
    type: "position_not_reached",
    message: `${projection} did not reach the position of Plimsoll-After within ${formatMs(Math.round(waitedMs))}. Nothing was read; send the request again, or without the header to read what is there.`,
    details: { projection },
    retryAfterMs: retryAfterMs(random),
  });

/** Refuses a position that is not one of this database any more. *Faults*: `position_lost`. */
export const lostPosition = (): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "position_lost",
    message:
      "Plimsoll-After is a position of before the database was restored or replaced, and what was written there may be lost. Leave the header out, and look whether what you wrote is there.",
  });

const retryAfterMs = (random: number): number => 500 + Math.round(random * 1_000);
