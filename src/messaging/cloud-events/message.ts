import { Fault } from "../../core/fault.ts";
import { parseJson } from "../../core/json.ts";
import { type CloudEvent, checked, isJson, refuse, timeOf } from "./cloud-event.ts";
import { cloudEventFromJson, cloudEventToJson } from "./json.ts";

/** An event as it is sent over HTTP. */
export interface CloudEventMessage {
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** A message that may be an event. */
export interface ReceivedMessage {
  /** Their case does not matter. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string | Uint8Array;
}

const structured = "application/cloudevents+json";
const prefix = "ce-";

/**
 * Writes an event as a message: `structured` has all of it in the body, `binary` has the data in the body and the attributes in headers, which a signature over
 * the body does not cover.
 * *Default*: `structured`. *Faults thrown*: `invalid_argument` of type `cloud_event_invalid`. *Source*: CloudEvents 1.0.2, HTTP protocol binding.
 * @example const { headers, body } = writeCloudEvent(event, "binary");
 */
export function writeCloudEvent(event: CloudEvent, form: "structured" | "binary" = "structured"): CloudEventMessage {
  if (form === "structured")
    return { headers: { "content-type": `${structured}; charset=utf-8` }, body: JSON.stringify(cloudEventToJson(event)) };
  const { data, dataContentType, time, dataSchema, extensions = {}, ...attributes } = checked(event);
  const isText = typeof data === "string" && !isJson(dataContentType);
  if (data !== undefined && !isText && !(data instanceof Uint8Array) && !isJson(dataContentType))
    refuse("data is neither a text nor bytes, and datacontenttype is not JSON");
  const headers: Record<string, string> = {};
  const type = dataContentType ?? (data === undefined ? undefined : "application/json");
  if (type !== undefined) headers["content-type"] = type;
  // Written one by one: a relay does this for every message.
  const write = (name: string, value: unknown) => {
    headers[prefix + name] = encoded(String(value));
  };
  write("specversion", "1.0");
  for (const name in attributes) {
    const value = attributes[name as keyof typeof attributes];
    if (value !== undefined) write(name, value);
  }
  if (time !== undefined) write("time", time.toISOString());
  if (dataSchema !== undefined) write("dataschema", dataSchema);
  for (const name in extensions) write(name, extensions[name]);
  return {
    headers,
    body: data === undefined ? "" : data instanceof Uint8Array ? data : isText ? data : JSON.stringify(data),
  };
}

/**
 * Reads an event of a message of either form. Data that is JSON is parsed, and other data is left as bytes.
 * *Faults thrown*: `invalid_argument` of type `cloud_event_invalid`, which repeats no value.
 * @example const event = readCloudEvent({ headers: request.headers, body });
 */
export function readCloudEvent({ headers: received, body }: ReceivedMessage): CloudEvent {
  const headers = lowered(received);
  const type = headers.get("content-type");
  if (type !== undefined && /^application\/cloudevents-batch\b/i.test(type))
    refuse("it is a batch. Read each of its events with cloudEventFromJson");
  if (type !== undefined && /^application\/cloudevents\b/i.test(type)) {
    if (!isJson(type)) refuse("content-type is of another format than JSON");
    return cloudEventFromJson(jsonOf(body));
  }
  return fromHeaders(headers, body);
}

function fromHeaders(headers: ReadonlyMap<string, string>, body: string | Uint8Array): CloudEvent {
  const found = [...headers]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), decoded(value)]);
  const { specversion, id, source, type, subject, time, dataschema, ...extensions } = Object.fromEntries(found) as Record<string, string>;
  if (specversion !== "1.0") refuse("ce-specversion is not 1.0, and content-type is not application/cloudevents+json");
  const dataContentType = headers.get("content-type");
  return checked({
    ...{ id: id as string, source: source as string, type: type as string },
    ...(subject !== undefined && { subject }),
    ...(time !== undefined && { time: timeOf(time) }),
    ...(dataschema !== undefined && { dataSchema: dataschema }),
    ...(dataContentType !== undefined && { dataContentType }),
    ...(body.length > 0 && {
      data: isJson(dataContentType) ? jsonOf(body) : typeof body === "string" ? new TextEncoder().encode(body) : body,
    }),
    ...(Object.keys(extensions).length > 0 && { extensions }),
  });
}

function lowered(received: ReceivedMessage["headers"]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(received)) {
    if (value === undefined) continue;
    const lower = name.toLowerCase();
    const isOurs = lower === "content-type" || lower.startsWith(prefix);
    if (!isOurs) continue;
    if (typeof value !== "string" || headers.has(lower)) return refuse("a header of the event comes more than once");
    headers.set(lower, value.trim());
  }
  return headers;
}

function jsonOf(body: string | Uint8Array): unknown {
  try {
    return parseJson(body);
  } catch (error) {
    if (error instanceof Fault) return refuse(`its JSON cannot be read (${error.type})`);
    throw error;
  }
}

const needsEncoding = /[^\x21\x23\x24\x26-\x7e]/;

/** Everything but printable ASCII, and the space, the quotation mark and the percent sign, in percent encoding. */
function encoded(value: string): string {
  if (!needsEncoding.test(value)) return value;
  return value.replaceAll(/[^\x21\x23\x24\x26-\x7e]/gu, (one) =>
    [...Buffer.from(one)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

function decoded(value: string): string {
  const plain = /^"(?:[^"\\]|\\.)*"$/.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/g, "$1") : value;
  return plain.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    const bytes = Buffer.from(run.replaceAll("%", ""), "hex");
    const text = bytes.toString("utf8");
    return Buffer.from(text).equals(bytes) ? text : refuse("a header is not UTF-8 in percent encoding");
  });
}
