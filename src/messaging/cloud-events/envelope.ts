import type { HandledEvent } from "../../operation/events/subscription.ts";
import { type CloudEvent, isText } from "./cloud-event.ts";

/**
 * Makes a CloudEvent of an event that a subscription handles: the tenant, the actor, the trace, and what caused it, are extensions
 * (`tenant`, `actor`, `traceparent`, `causationid`, `correlationid`), as are its key, its version and its place in the log (`partitionkey`, `eventversion`,
 * `position`). What it has not, and what no text of CloudEvents can hold, is left out.
 * @example run: (data, { event }) => forward(writeCloudEvent(cloudEventOf(event, data, "https://shop.example/orders")))
 */
export function cloudEventOf(event: HandledEvent, data: unknown, source: string): CloudEvent {
  const { id, name, version, key, recordedAt, position, tenant, actor, causation, correlation, traceparent } = event;
  const texts = { tenant, actor, causationid: causation, correlationid: correlation, traceparent, partitionkey: key, position };
  const kept = Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== undefined && isText(entry[1]));
  return { id, source, type: name, time: recordedAt, data, extensions: { ...Object.fromEntries(kept), eventversion: version } };
}
