import { type CloudEvent, type CloudEventValue, checked, isJson, refuse, timeOf } from "./cloud-event.ts";

const version = "1.0";

/**
 * Writes an event as an object of JSON, the structured form. Bytes become `data_base64`.
 * *Faults thrown*: `invalid_argument` of type `cloud_event_invalid`. *Source*: CloudEvents 1.0.2, JSON event format.
 * @example JSON.stringify(cloudEventToJson({ id, source: "/orders", type: "orders.placed", data }))
 */
export function cloudEventToJson(event: CloudEvent): Record<string, unknown> {
  const { id, source, type, subject, time, dataSchema, dataContentType, data, extensions } = checked(event);
  return {
    ...{ specversion: version, id, source, type },
    ...(subject !== undefined && { subject }),
    ...(time !== undefined && { time: time.toISOString() }),
    ...(dataSchema !== undefined && { dataschema: dataSchema }),
    ...((dataContentType !== undefined || data !== undefined) && { datacontenttype: dataContentType ?? "application/json" }),
    ...extensions,
    ...dataMember(data, dataContentType),
  };
}

function dataMember(data: unknown, type: string | undefined): object {
  if (data === undefined) return {};
  if (data instanceof Uint8Array) return { data_base64: Buffer.from(data).toString("base64") };
  if (!isJson(type) && typeof data !== "string") refuse("data is neither a text nor bytes, and datacontenttype is not JSON");
  return { data };
}

/**
 * Reads an event of the structured form. Attributes that are null count as absent.
 * *Faults thrown*: `invalid_argument` of type `cloud_event_invalid`, which repeats no value.
 * @example const { type, data } = cloudEventFromJson(json);
 */
export function cloudEventFromJson(json: unknown): CloudEvent {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return refuse("it is not an object");
  const given = Object.entries(json).filter(([name, value]) => value !== null || name === "data");
  const { specversion, id, source, type, subject, time, dataschema, datacontenttype, data, data_base64, ...extensions } =
    Object.fromEntries(given) as Record<string, unknown>;
  if (specversion !== version) refuse("specversion is not 1.0");
  if (data !== undefined && data !== null && data_base64 !== undefined) refuse("it has both data and data_base64");
  return checked({
    ...{ id: id as string, source: source as string, type: type as string },
    ...(subject !== undefined && { subject: subject as string }),
    ...(time !== undefined && { time: timeOf(time) }),
    ...(dataschema !== undefined && { dataSchema: dataschema as string }),
    ...(datacontenttype !== undefined && { dataContentType: datacontenttype as string }),
    ...(data_base64 === undefined ? data !== undefined && { data } : { data: bytesOf(data_base64) }),
    ...(Object.keys(extensions).length > 0 && { extensions: extensions as Record<string, CloudEventValue> }),
  });
}

function bytesOf(text: unknown): Uint8Array {
  const isBase64 = typeof text === "string" && text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  return isBase64 ? new Uint8Array(Buffer.from(text, "base64")) : refuse("data_base64 is not base64");
}
