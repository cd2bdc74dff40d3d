// Messages over Kafka: what an application imports from "plimsoll/kafka".
export type { KafkaSpec } from "./client.ts";
export { kafka } from "./kafka.ts";
