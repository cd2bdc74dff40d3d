// Messages over RabbitMQ: what an application imports from "plimsoll/rabbitmq".
export type { RabbitmqSpec } from "./connection.ts";
export { rabbitmq } from "./rabbitmq.ts";
