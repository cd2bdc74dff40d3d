import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { CompiledSchema } from "../../core/schema.ts";
import type { FileSpec, HttpSpec } from "../../operation/contract.ts";
import type { CompiledOperation, CompiledOutput } from "../../pipeline/registry/compiled.ts";
import { type DownloadHead, downloadHead, type RefusedPart } from "../download/download-head.ts";
import { hasReplyFields, ReplyFields } from "../fields/reply-fields.ts";
import { dispositionOf } from "./disposition.ts";
import { isRedirect, staysWithin } from "./redirect.ts";

/** What the reply to a success says beside its body. It is worked out before the commit, and kept with the output under its key. */
export interface EntityHead {
  readonly status: number;
  /** A URI reference. */
  readonly location?: string;
  /** With its quotes. */
  readonly etag?: string;
  /** What is sent in place of the output. */
  readonly file?: FileHead;
  /** What is said of the bytes that are sent in place of the output. */
  readonly download?: DownloadHead;
  /** The fields of the output that are headers and cookies: names and values in turn. */
  readonly fields?: readonly string[];
}

interface FileHead {
  readonly disposition?: string;
  readonly text: string;
}

/** The status of a success: 204 where the output has no fields. */
export function successStatus(http: HttpSpec, output: CompiledSchema): number {
  const { properties, additionalProperties, type } = output.outputJson;
  const { responseHeaders, responseCookies } = http;
  const inBody = Object.keys((properties as object | undefined) ?? {}).filter(
    (field) => responseHeaders?.[field] === undefined && responseCookies?.[field] === undefined,
  );
  const empty = inBody.length === 0 && type === "object";
  return http.status ?? (empty && additionalProperties === false && http.file === undefined && http.download === undefined ? 204 : 200);
}

/**
 * Makes the function that works out an operation's head from its output.
 * *Faults thrown* by that function: `internal` of type `invalid_output` where `location`, `etag` or the name of a file give what no header can hold, or a
 * redirect goes to an origin that the route does not list.
 */
export function compileHead({ name, output, views }: CompiledOperation, http: HttpSpec): (output: CompiledOutput) => EntityHead {
  const { location, etag, file, download } = http;
  const status = successStatus(http, output);
  const fields = hasReplyFields(http) ? new ReplyFields(name, http) : undefined;
  if (location === undefined && etag === undefined && file === undefined && download === undefined && fields === undefined) {
    const head = { status };
    return () => head;
  }
  const origins = new Set(http.redirectsTo);
  const target = (uri: string): string => {
    if (!isRedirect(status) || staysWithin(uri, origins)) return uri;
    throw refusedHead(name, "location", "A redirect may go to a path of this origin, or to an origin that http.redirectsTo lists.");
  };
  return (made) => {
    // It is kept for all callers, so it is made of what all of them may see.
    const value = (views === undefined ? made.value : views.common(made.json)) as never;
    return {
      status,
      ...(location !== undefined && { location: target(uriReference(name, location(value))) }),
      ...(etag !== undefined && { etag: entityTag(name, etag(value)) }),
      ...(file !== undefined && { file: fileHead(name, file, value) }),
      ...(download !== undefined && { download: downloadHead(download, value, (field, fix) => refusedHead(name, field, fix)) }),
      ...(fields !== undefined && { fields: fields.write(value) }),
    };
  };
}

/** Makes a file of an output. *Faults thrown*: `internal` of type `invalid_output`, as {@link compileHead} says. */
export function fileHead(operation: string, file: FileSpec<never>, value: never): FileHead {
  const text: unknown = file.text(value);
  if (typeof text !== "string") throw refusedHead(operation, "file.text", "It must return the text of the file.");
  if (file.name === undefined) return { text };
  const disposition = dispositionOf(file.name(value));
  if (disposition === undefined)
    throw refusedHead(operation, "file.name", `It must return a name of 1 to ${limits.fileNameChars} characters, such as orders.csv.`);
  return { disposition, text };
}

/** Whether what was kept beside an output is a head of HTTP; another surface may have kept something else, or nothing. */
export function isEntityHead(head: unknown): head is EntityHead {
  const { status } = (head ?? {}) as { readonly status?: unknown };
  return Number.isInteger(status) && (status as number) >= 200 && (status as number) < 400;
}

// Unreserved and reserved characters, and the sign of an escape.
const notOfUris = /%(?![0-9a-f]{2})|[^a-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+/gi;

/**
 * What may stand in `Location`: what a URI cannot hold is percent-encoded as UTF-8, and what is encoded already stays.
 * *Source*: RFC 9110 section 10.2.2, RFC 3986, RFC 3987 section 3.1.
 */
function uriReference(operation: string, location: unknown): string {
  if (typeof location !== "string" || location === "" || !location.isWellFormed())
    throw refusedHead(operation, "location", "It must return a URI reference, such as /v1/orders/7.");
  const uri = location.length > limits.locationChars ? location : location.replaceAll(notOfUris, encodeURIComponent);
  if (uri.length > limits.locationChars)
    throw refusedHead(
      operation,
      "location",
      `It returned ${uri.length} characters, and ${limits.locationChars} are allowed. Return a shorter one.`,
    );
  return uri;
}

/** *Source*: RFC 9110 section 8.8.3, without the characters that are not ASCII: those who compare may decode them differently. */
function entityTag(operation: string, version: unknown): string {
  const text = String(version);
  const isVersion = typeof version === "string" || (typeof version === "number" && Number.isFinite(version));
  if (!isVersion || text.length > limits.etagChars || !/^[\x21\x23-\x7e]*$/.test(text))
    throw refusedHead(
      operation,
      "etag",
      `It must return a version number or a hash: at most ${limits.etagChars} printable ASCII characters without quotes and spaces.`,
    );
  return `"${text}"`;
}

const refusedHead = (operation: string, field: "location" | "etag" | "file.name" | "file.text" | RefusedPart[0], fix: string): Fault =>
  new Fault({
    code: "internal",
    type: "invalid_output",
    message: `${operation}: http.${field} returned what a response cannot hold; nothing was committed. ${fix}`,
  });
