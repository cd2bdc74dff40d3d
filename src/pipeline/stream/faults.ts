import { formatMs } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { StreamEnd } from "../../operation/execution.ts";

/** Makes the fault of a stream whose handler took too long for the next item. */
export const streamIdle = (operation: string, idleMs: number): Fault =>
  new Fault({
    code: "deadline_exceeded",
    type: "stream_idle",
    message: `${operation} had no further item for ${formatMs(idleMs)}, and the stream was ended. Ask again for what follows.`,
  });

/** Makes the fault of a stream whose client reads too slowly. */
export const streamUnread = (operation: string): Fault =>
  new Fault({
    code: "cancelled",
    type: "stream_unread",
    message: `The client read nothing of the stream of ${operation} for too long, and was disconnected. Read faster, or ask for less.`,
  });

/** Makes the fault of an item that is larger than any may be. */
export const itemTooLarge = (operation: string, bytes: number): Fault =>
  new Fault({
    code: "internal",
    type: "invalid_output",
    message: `${operation} yielded an item of ${bytes} bytes, and ${limits.streamItemBytes} are allowed. Yield smaller items.`,
  });

/** Makes the fault of an id that a line of a stream cannot hold. */
export const itemIdInvalid = (operation: string): Fault =>
  new Fault({
    code: "internal",
    type: "invalid_output",
    message: `${operation}: stream.id must return 1 to ${limits.streamIdChars} printable ASCII characters, such as a number or a UUID.`,
  });

/** Whether it can be the id of an item. */
export function isStreamId(id: unknown): boolean {
  return typeof id === "string" && id.length <= limits.streamIdChars && /^[\x20-\x7e]+$/.test(id);
}

/** Refuses what a client says of the last item that it got. */
export const lastEventIdInvalid = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "last_event_id_invalid",
    message: `Last-Event-ID has at most ${limits.streamIdChars} printable ASCII characters. Send the id of the last item that you got, or leave it out.`,
  });

/** Makes the fault of what is neither an async generator nor anything like it. */
export const notIterable = (operation: string): Fault =>
  new Fault({
    code: "internal",
    type: "invalid_output",
    message: `The handler of ${operation} returned nothing that can be iterated. Make it an async generator: async function* (…) { yield … }.`,
  });

/** Makes what clients get of a stream that the server ended before it was complete. `random`: from 0 to below 1. */
export function streamInterrupted(end: StreamEnd, random: number): Fault {
  const retryAfterMs = Math.round(limits.refusalRetryMs + random * limits.refusalRetrySpreadMs);
  return end === "stopping"
    ? new Fault({
        code: "unavailable",
        type: "shutting_down",
        message: "The server is stopping. Ask another process for what follows.",
        retryAfterMs,
      })
    : new Fault({
        code: "unavailable",
        type: "stream_longest",
        message: "The stream has been open for as long as it may. Ask again for what follows.",
        retryAfterMs,
      });
}

/** Refuses a caller who has too many streams open. */
export const tooManyStreams = (limit: string, value: number, load: number): Fault =>
  new Fault({
    code: "resource_exhausted",
    type: "too_many_streams",
    message: `The limit "${limit}" of ${value} is reached. End one of your streams before you ask for another.`,
    details: { limit, value, load },
    retryAfterMs: limits.refusalRetryMs,
  });
