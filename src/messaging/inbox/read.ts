import { createHash } from "node:crypto";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { parseTraceparent } from "../../core/trace.ts";
import { receivedName, type SubscriptionDefinition } from "../../events/definition.ts";
import type { IncomingMessage } from "../../operation/messaging/receiver.ts";
import { isEventKey } from "../../pipeline/events/emitted.ts";
import { type CloudEvent, refuse } from "../cloud-events/cloud-event.ts";
import { readCloudEvent } from "../cloud-events/message.ts";
import type { ReceivedEvent, RefusedMessage } from "./store.ts";

/** What a message is: an event for the log, or what cannot be handled; neither where its type is none that the subscription lists. */
export interface ReadMessage {
  readonly event?: ReceivedEvent;
  readonly refused?: RefusedMessage;
}

const mostVersion = 1_000_000;
const tenantChars = 200;

/** Reads a message for a subscription. Never throws: whatever a sender writes is an event, a dead letter, or passed over. */
export function readMessage(
  { name, names }: Pick<SubscriptionDefinition, "name" | "names">,
  shard: string,
  message: IncomingMessage,
): ReadMessage {
  try {
    const cloudEvent = readCloudEvent(message);
    const stored = receivedName(name, cloudEvent.type);
    return names.includes(stored) ? { event: eventOf(name, stored, { cloudEvent, message }) } : {};
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { refused: refusedOf([name, shard], message, error.message) };
  }
}

/** The id of a message in the database of its receiver: the same for the same subscription, source and id. *Source*: RFC 9562, version 8. */
function inboxId(...parts: readonly string[]): string {
  const bytes = createHash("sha256").update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function eventOf(
  subscription: string,
  name: string,
  { cloudEvent, message }: { readonly cloudEvent: CloudEvent; readonly message: IncomingMessage },
): ReceivedEvent {
  const { id, source, subject, data, extensions = {} } = cloudEvent;
  if (typeof data !== "object" || data === null || data instanceof Uint8Array || Array.isArray(data))
    return refuse("its data is not an object of JSON, as that of every event is");
  const json = JSON.stringify(data);
  if (Buffer.byteLength(json) > limits.eventBytes) return refuse(`its data has more than ${limits.eventBytes} bytes`);
  const version = extensions.eventversion === undefined ? 1 : Number(extensions.eventversion);
  if (!Number.isInteger(version) || version < 1 || version > mostVersion) return refuse("eventversion is not a whole number from 1");
  const key = String(extensions.partitionkey ?? message.key ?? subject ?? id);
  if (!isEventKey(key)) return refuse(`its key has not 1 to ${limits.eventKeyChars} characters, or control characters`);
  const { tenant, actor, correlationid, traceparent } = extensions;
  if (tenant !== undefined && (tenant === "" || String(tenant).length > tenantChars)) return refuse("its tenant is too long, or empty");
  const trace = traceparent !== undefined && parseTraceparent(String(traceparent)) !== undefined ? String(traceparent) : null;
  return {
    ...{ id: inboxId(subscription, source, id), name, version, key, trace, data: json },
    ...{ tenant: tenant === undefined ? null : String(tenant), actor: actor === undefined ? null : cut(String(actor)) },
    ...{ causation: cut(id), correlation: cut(String(correlationid ?? id)) },
  };
}

function refusedOf(of: readonly string[], { headers, body, place }: IncomingMessage, reason: string): RefusedMessage {
  const kept = body.subarray(0, limits.inboxDeadLetterBytes);
  const text = JSON.stringify(headers).slice(0, limits.inboxDeadLetterBytes);
  const hash = createHash("sha256").update(text).update(body).digest("hex");
  return { id: inboxId(...of, place, hash), place: cut(place), reason, headers: text, body: kept };
}

const cut = (text: string): string => text.slice(0, 500).toWellFormed().replaceAll("\0", "\ufffd");
