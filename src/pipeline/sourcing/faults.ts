import { Fault } from "../../core/fault.ts";
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
