import { fault } from "../../core/fault.ts";
import type { Schema } from "../../core/schema/standard.ts";

/** The value of an attribute. Sent as headers, numbers and booleans are read as text. */
export type CloudEventValue = string | number | boolean;

/** An event as CloudEvents describes one. *Source*: CloudEvents 1.0.2. */
export interface CloudEvent {
  /** Unique with the source. */
  readonly id: string;
  /** Where it happened: a URI, or a part of one. */
  readonly source: string;
  readonly type: string;
  /** What it is about, within the source. */
  readonly subject?: string;
  /** To the millisecond. */
  readonly time?: Date;
  /** A URI of the schema of the data. */
  readonly dataSchema?: string;
  /** *Default*: `application/json`. */
  readonly dataContentType?: string;
  /** A value of JSON, or bytes. */
  readonly data?: unknown;
  /** All other attributes, by their names of lower-case letters and digits. */
  readonly extensions?: Readonly<Record<string, CloudEventValue>>;
}

interface WhatIsWrong {
  readonly problem: string;
}

const json = () => ({ type: "object", properties: { problem: { type: "string" } }, required: ["problem"], additionalProperties: false });
// Without the library of schemas: relays are part of the front door, which loads none.
const details: Schema<WhatIsWrong, WhatIsWrong> = {
  "~standard": {
    version: 1,
    vendor: "plimsoll",
    validate: (value) =>
      typeof (value as Partial<WhatIsWrong> | null)?.problem === "string" ? { value } : { issues: [{ message: "It has no problem." }] },
    jsonSchema: { input: json, output: json },
  },
};

/** Refuses what is no CloudEvent, whether it is read or written. */
export const CloudEventInvalid = fault("cloud_event_invalid", {
  code: "invalid_argument",
  details,
  message: ({ problem }) => `This is not a CloudEvent of version 1.0: ${problem}. Write it as the specification says.`,
});

/** Refuses with what is wrong. *Faults thrown*: `invalid_argument` of type `cloud_event_invalid`. */
export function refuse(problem: string): never {
  throw new CloudEventInvalid({ problem });
}

/** Names that stand for more than an extension. */
const own: ReadonlySet<string> = new Set([
  "id",
  "source",
  "type",
  "subject",
  "time",
  "dataschema",
  "datacontenttype",
  "data",
  "specversion",
]);
const extensionName = /^[a-z0-9]+$/;
const uriReference = /^(?:[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=#]|%[0-9A-Fa-f]{2})+$/;
const mediaType = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:\s*;[\t\x20-\x7e]*)?$/;
const leastInteger = -2_147_483_648;
const mostInteger = 2_147_483_647;

/** Says whether a text has only what CloudEvents allows in one: no control characters, no half pairs, no code points that are none. */
export const isText = (text: string): boolean => text.isWellFormed() && !/[\p{Cc}\p{Noncharacter_Code_Point}]/u.test(text);

/** Returns the event, checked. *Faults thrown*: `invalid_argument` of type `cloud_event_invalid`, which repeats no value. */
export function checked(event: CloudEvent): CloudEvent {
  const { id, source, type, subject, time, dataSchema, dataContentType, extensions = {} } = event;
  for (const [name, value] of Object.entries({ id, type, ...(subject !== undefined && { subject }) })) checkText(name, value);
  checkUri("source", source);
  if (dataSchema !== undefined) checkUri("dataschema", dataSchema);
  if (dataSchema !== undefined && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(dataSchema)) refuse("dataschema is not an absolute URI");
  if (time !== undefined && (!(time instanceof Date) || !isTime(time))) refuse("time is not a time of the years 0 to 9999");
  if (dataContentType !== undefined && (typeof dataContentType !== "string" || !mediaType.test(dataContentType)))
    refuse("datacontenttype is not a media type");
  for (const [name, value] of Object.entries(extensions)) {
    if (!extensionName.test(name) || own.has(name))
      refuse("the name of an extension has other characters than a to z and 0 to 9, or is taken");
    checkValue(name, value);
  }
  return event;
}

function checkText(name: string, value: unknown): void {
  if (typeof value !== "string" || value === "") return refuse(`${name} is missing, or not a text`);
  if (!isText(value)) refuse(`${name} has control characters, or half of a pair`);
}

function checkUri(name: string, value: unknown): void {
  checkText(name, value);
  if (!uriReference.test(value as string) || (value as string).split("#").length > 2) refuse(`${name} is not a URI`);
}

function checkValue(name: string, value: unknown): void {
  if (typeof value === "boolean") return;
  if (typeof value === "number") {
    if (!Number.isInteger(value) || value < leastInteger || value > mostInteger) refuse(`${name} is not a whole number of 32 bits`);
    return;
  }
  if (typeof value !== "string") return refuse(`${name} is neither a text nor a whole number nor a boolean`);
  if (!isText(value)) refuse(`${name} has control characters, or half of a pair`);
}

function isTime(time: Date): boolean {
  const ms = time.getTime();
  return !Number.isNaN(ms) && time.getUTCFullYear() >= 0 && time.getUTCFullYear() <= 9_999;
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** Reads the time of an event. *Faults thrown*: as {@link checked}. */
export function timeOf(text: unknown): Date {
  if (typeof text !== "string" || !rfc3339.test(text)) return refuse("time is not written as in 2026-11-29T10:00:00Z");
  const time = new Date(text.toUpperCase());
  return isTime(time) ? time : refuse("time is not a time of the years 0 to 9999");
}

/** Says whether a media type is JSON, where none is given too. */
export const isJson = (type: string | undefined): boolean => type === undefined || /^[^;]*[/+]json\s*(?:;|$)/i.test(type);
