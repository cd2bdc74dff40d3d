// Messages over NATS JetStream: what an application imports from "plimsoll/nats".
export type { NatsAddress, NatsSpec } from "./connection.ts";
export { nats } from "./nats.ts";
