import assert from "node:assert";
import { Fault } from "../../core/fault.ts";
import type { TextReply } from "../../core/schema/opaque/carried.ts";
import type { IssuedCredential } from "../../operation/authentication/place.ts";
import { positionHeader } from "../../pipeline/sourcing/position-token.ts";
import { positionOf } from "../../pipeline/sourcing/positions.ts";
import type { ShapedOutput } from "../../pipeline/state/output.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import { plainTag } from "../compression/entity-tag.ts";
import { setCookieText } from "../credentials/set-cookie.ts";
import { downloadReply, type ReplyBytes } from "../download/download-reply.ts";
import { pushDeprecation } from "../headers/deprecation.ts";
import { type ReplyBlocks, usualBlocks } from "../headers/route-headers.ts";
import { securityHeaders } from "../headers/security.ts";
import type { RequestHeaders } from "../request-headers.ts";
import type { HttpRoute } from "../router.ts";
import { webReply } from "../web/response.ts";
import { type EntityHead, fileHead, isEntityHead } from "./entity-head.ts";
import { HeaderBlock } from "./head.ts";
import { problemReply } from "./problem.ts";
import { pushTakenRates } from "./rate-headers.ts";
import { overloadedReply } from "./ready-problem.ts";
import { isRedirect } from "./redirect.ts";

/** A reply, ready to be written by any transport. */
export interface HttpReply {
  readonly status: number;
  /** What many replies have alike. *Default*: nothing. */
  readonly constant?: HeaderBlock;
  /** Names and values in turn, of this reply alone. */
  readonly headers: string[];
  readonly body: string;
  /** The body as UTF-8, where many replies have the same: a text is copied whole for each write. */
  readonly encoded?: Uint8Array;
  /** The bytes of the body, in place of the text. */
  readonly download?: ReplyBytes;
}

/** Beside a value that is past its end. *Source*: RFC 9211. */
const stale = ["cache-status", "plimsoll; hit; ttl=0"];
const { plain } = usualBlocks;
/** Of every reply whose body is a problem document. */
export const problem = new HeaderBlock([...securityHeaders, "content-type", "application/problem+json"]);

/** Writes the outcome of an execution as HTTP says it. */
export function replyTo(execution: RunningExecution, route: HttpRoute, request: RequestHeaders): HttpReply {
  const reply = outcomeReply(execution, route, request);
  const { deprecated } = route.operation.operation.spec;
  if (deprecated !== undefined) pushDeprecation(reply.headers, deprecated);
  return reply;
}

function outcomeReply(execution: RunningExecution, route: HttpRoute, request: RequestHeaders): HttpReply {
  if (execution.fault !== undefined) {
    const { fault, requestId, host } = execution;
    const reply = faultReply({ fault, requestId }, host.options.development);
    if (reply.status === 401) reply.headers.push("www-authenticate", checkedText(host.options.scheme.challenge(fault)));
    if (execution.replayed) reply.headers.push("idempotency-replayed", "true");
    pushTakenRates(reply.headers, execution);
    if (execution.credentials !== undefined) pushCookies(reply.headers, execution.credentials.of(false));
    return reply;
  }
  const { output } = execution;
  assert(output !== undefined, "an execution ends with an output or a fault");
  if (route.operation.traits.plain === true) {
    const headers = replyHeaders(execution);
    pushTakenRates(headers, execution);
    if (execution.credentials !== undefined) pushCookies(headers, execution.credentials.of(true));
    return webReply(output.value as Response | TextReply, headers);
  }
  if (route.plain && !execution.replayed) {
    const headers = replyHeaders(execution);
    if (execution.cache === "stale" || execution.said?.stale === true) headers.push(...stale);
    pushTakenRates(headers, execution);
    if (execution.credentials !== undefined) pushCookies(headers, execution.credentials.of(true));
    const blocks = blocksFor(execution, route);
    if (route.status === 204) return { status: 204, constant: blocks.plain, headers, body: "" };
    return { status: route.status, constant: blocks.json, headers, body: output.json };
  }
  return entityReply(execution, output, { route, request });
}

function replyHeaders(execution: RunningExecution): string[] {
  const position = positionOf(execution);
  return position === undefined ? ["x-request-id", execution.requestId] : ["x-request-id", execution.requestId, positionHeader, position];
}

function blocksFor({ actor, credentials }: RunningExecution, { headers }: HttpRoute): ReplyBlocks {
  if (headers === undefined) return usualBlocks;
  // Where callers are known by a cookie, a shared cache would give what strangers get to others too.
  return actor.kind === "anonymous" && credentials === undefined ? headers.toStrangers : headers.toActors;
}

const entityWithout = ({ status }: HttpRoute): EntityHead => ({ status });

interface EntityRequest {
  readonly route: HttpRoute;
  readonly request: RequestHeaders;
}

/** What was kept in a cache by another release may lack the file or the headers that this one sends, or have some that it does not send. */
function headOf({ compiled }: RunningExecution, output: ShapedOutput, route: HttpRoute): EntityHead {
  const head = isEntityHead(output.head) ? output.head : entityWithout(route);
  const { file, download } = route.http;
  const hasFile = (head.file === undefined) === (file === undefined) && (head.download === undefined) === (download === undefined);
  if (hasFile && (head.fields === undefined) === (route.replyFields === undefined)) return head;
  const made = compiled.head?.(output);
  return isEntityHead(made) ? made : entityWithout(route);
}

interface SentFile {
  readonly file: NonNullable<EntityHead["file"]>;
  readonly type: string | undefined;
}

function fileReply(
  { status, constant, headers }: Omit<HttpReply, "body">,
  { file: { disposition, text }, type = "text/plain" }: SentFile,
): HttpReply {
  headers.push("content-type", type.startsWith("text/") ? `${type}; charset=utf-8` : type);
  if (disposition !== undefined) headers.push("content-disposition", checkedText(disposition));
  return { status, ...(constant !== undefined && { constant }), headers, body: text };
}

function entityReply(execution: RunningExecution, output: ShapedOutput, { route, request }: EntityRequest): HttpReply {
  const { replayed } = execution;
  // A replay has the stored head of the first reply; none is stored if the operation had no route then.
  const { status, location, etag, file, download, fields } = headOf(execution, output, route);
  const redirects = isRedirect(status);
  const blocks = blocksFor(execution, route);
  const constant = status === 204 || redirects || file !== undefined || download !== undefined ? blocks.plain : blocks.json;
  const headers = replyHeaders(execution);
  if (execution.cache === "stale" || execution.said?.stale === true) headers.push(...stale);
  pushTakenRates(headers, execution);
  if (execution.credentials !== undefined) pushCookies(headers, execution.credentials.of(true));
  if (location !== undefined) headers.push("location", checkedHeader(location));
  if (replayed) headers.push("idempotency-replayed", "true");
  if (fields !== undefined) for (const text of fields) headers.push(checkedText(text));
  const form = route.alternatives?.chosen(request.accept);
  if (route.alternatives !== undefined) headers.push("vary", "Accept");
  if (etag !== undefined) {
    // Two forms of one version are not the same bytes.
    const known = request.ifNoneMatch === undefined ? undefined : matched(request.ifNoneMatch, etag);
    headers.push("etag", form === undefined ? checkedHeader(etag) : `W/${checkedHeader(etag)}`);
    // 304 is for reads only: after a write the client does not have the new state, whatever ETag it names.
    // Nor where callers see different parts of one version: the client may have had another role.
    if (route.verb === "GET" && !redirects && execution.compiled.views === undefined && known !== undefined) {
      // Caches find what they keep by its strong tag, which says how it was compressed. *Source*: RFC 9111 §4.3.4.
      if (form === undefined) headers[headers.length - 1] = checkedHeader(known);
      return { status: 304, constant, headers, body: "" };
    }
  }
  const spec = route.http.download;
  if (download !== undefined && spec !== undefined) {
    try {
      const made = downloadReply({ spec, head: download, value: output.value }, { verb: route.verb, status, request, etag });
      return { status: made.status, constant, headers: [...headers, ...made.headers], body: "", download: made.bytes };
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      const refused = faultReply({ fault, requestId: execution.requestId });
      return { ...refused, headers: [...refused.headers, "content-range", `bytes */${download.size}`] };
    }
  }
  if (form !== undefined) {
    const made = fileHead(route.operation.name, form, output.value as never);
    return fileReply({ status, constant: blocks.plain, headers }, { file: made, type: form.type });
  }
  if (file !== undefined) return fileReply({ status, constant, headers }, { file, type: route.http.file?.type });
  const body = status === 204 || status === 205 || redirects ? "" : (route.replyFields?.bodyOf(output.value) ?? output.json);
  return { status, constant, headers, body };
}

function pushCookies(headers: string[], credentials: readonly IssuedCredential[]): void {
  for (const credential of credentials) headers.push("set-cookie", setCookieText(credential));
}

/** What the application says: a line break in it would begin a header. */
function checkedText(value: string): string {
  assert(/^[\x20-\x7e]*$/.test(value), "a challenge, the name of a file and a field of the output are printable ASCII");
  return value;
}

/** It is written into the head as it is: a line break in it would begin a header, or a response, that the client believes to be ours. */
function checkedHeader(value: string): string {
  assert(/^[\x21-\x7e]+$/.test(value), "what came before the commit was not checked");
  return value;
}

/** The response to `OPTIONS`. */
export function optionsReply(allowed: string, requestId: string): HttpReply {
  return { status: 204, constant: plain, headers: ["x-request-id", requestId, "allow", allowed], body: "" };
}

/** *Default* of `development`: false, so that a request without an operation gets no cause. */
export function faultReply({ fault, requestId }: Pick<RunningExecution, "fault" | "requestId">, development = false): HttpReply {
  assert(fault !== undefined, "a reply of a fault has one");
  const isOverloaded = fault.code === "unavailable" && fault.type === "overloaded";
  const reply = isOverloaded ? overloadedReply(fault, requestId) : problemReply(fault, requestId, development);
  return { status: reply.status, constant: problem, headers: ["x-request-id", requestId, ...reply.headers], body: reply.body };
}

/** The tag of a header that stands for this version, as it was sent. */
function matched(ifNoneMatch: string, etag: string): string | undefined {
  if (ifNoneMatch.trim() === "*") return etag;
  return ifNoneMatch.match(/"[^"]*"/g)?.find((tag) => tag === etag || plainTag(tag) === etag);
}
