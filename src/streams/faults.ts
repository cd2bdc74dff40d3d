import { z } from "zod";
import { fault } from "../core/fault.ts";

/** Refuses to write behind the end of a stream. *Faults*: `durable_stream_ended`. */
export const DurableStreamEnded = fault("durable_stream_ended", {
  code: "failed_precondition",
  details: z.object({ id: z.string() }),
  message: ({ id }) => `The stream ${id} has ended, and nothing is written behind its end. Write to another one.`,
});

/** Refuses to continue behind an item that the stream does not have any more. *Faults*: `durable_stream_dropped`. */
export const DurableStreamDropped = fault("durable_stream_dropped", {
  code: "failed_precondition",
  details: z.object({ id: z.string(), first: z.int().nullable() }),
  message: ({ id }) => `What follows in the stream ${id} is not kept any more. Begin again, without Last-Event-ID.`,
});
