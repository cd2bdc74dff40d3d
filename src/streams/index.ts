// Streams that are kept: what an application imports from "plimsoll/streams".
export { type DurableStream, type DurableStreamOptions, durableStream, type FollowScope } from "./durable-stream.ts";
export { DurableStreamDropped, DurableStreamEnded } from "./faults.ts";
