// What a page or another service imports from "plimsoll/client". Nothing of Node.js and nothing of the server is loaded with it.
export { CallFault } from "./call-fault.ts";
export type { Call, CallOptions, Client, DeclaredFault, ItemStream, Outcome, PlatformCallFault, Reply, StreamCall } from "./calls.ts";
export { type ClientOptions, client } from "./client.ts";
export type { ClientClock } from "./client-clock.ts";
export type { RetryOptions } from "./retry.ts";
