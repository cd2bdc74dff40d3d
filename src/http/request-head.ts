import type { Fault } from "../core/fault.ts";
import {
  expectationUnknown,
  headerRepeated,
  hostAmbiguous,
  hostInvalid,
  hostMissing,
  targetInvalid,
  tooManyHeaders,
  transferCodingUnknown,
  urlTooLong,
  versionUnknown,
} from "./faults.ts";
import type { RequestHeaders } from "./request-headers.ts";

/** A request target in its parts. */
export interface RequestTarget {
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
}

/** What a server allows of the head of a request. */
export interface HeadLimits {
  readonly urlBytes: number;
  readonly headerLines: number;
}

/** A head that is refused. */
export interface HeadRefusal {
  readonly fault: Fault;
  /** It is unknown where this request ends and the next begins: nothing after it is read. */
  readonly closes: boolean;
}

/** The minor version of HTTP/1; undefined for any other version, of which the parser of `node:http` takes 0.9 and 2.0. */
export function minorVersionOf({ httpVersionMajor, httpVersionMinor }: VersionedRequest): 0 | 1 | undefined {
  if (httpVersionMajor !== 1) return undefined;
  return httpVersionMinor === 0 ? 0 : 1;
}

interface VersionedRequest {
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
}

/**
 * Says why the head of a request is refused: what another server on the way may have read otherwise, and what we do not do.
 * *Source*: RFC 9112 (§2.3 versions, §3.2 host, §6.1 transfer codings), RFC 9110 (§5.3 repeated fields, §10.1.1 expectations).
 */
export function refuseHead(headers: RequestHeaders, version: 0 | 1 | undefined, limits: HeadLimits): HeadRefusal | undefined {
  if (version === undefined) return { fault: versionUnknown(), closes: true };
  const { hosts, host, transferEncoding, expect, repeated } = headers;
  if (headers.lines > limits.headerLines) return { fault: tooManyHeaders(limits.headerLines), closes: true };
  if (hosts !== 1 && (hosts > 1 || version === 1)) return { fault: hosts === 0 ? hostMissing() : hostAmbiguous(), closes: true };
  if (host !== undefined && !isHost(host)) return { fault: hostInvalid(), closes: true };
  if (transferEncoding !== undefined && transferEncoding.trim().toLowerCase() !== "chunked")
    return { fault: transferCodingUnknown(), closes: true };
  if (repeated !== undefined) return { fault: headerRepeated(repeated), closes: false };
  // HTTP/1.0 has no expectations.
  if (expect !== undefined && version === 1 && expect.toLowerCase() !== "100-continue")
    return { fault: expectationUnknown(), closes: false };
  return undefined;
}

/** The form in which a target may also come: a proxy in front may have passed it on. */
const absolute = /^https?:\/\/([^/?]+)(.*)$/is;

/**
 * Takes a request target apart.
 * *Source*: RFC 9112 §3.2: a path with a query, the same behind scheme and host, or `*` for `OPTIONS`; a fragment is never sent.
 */
export function readTarget(
  url: string,
  { method, urlBytes }: { readonly method: string; readonly urlBytes: number },
): RequestTarget | Fault {
  if (url.length > urlBytes) return urlTooLong(urlBytes);
  if (url.includes("#")) return targetInvalid();
  if (url.charCodeAt(0) === 0x2f) return split(url);
  if (url === "*") return method === "OPTIONS" ? { path: "*", query: "" } : targetInvalid();
  const [, authority = "", rest = ""] = absolute.exec(url) ?? [];
  if (authority === "" || !isHost(authority)) return targetInvalid();
  return split(rest.startsWith("/") ? rest : `/${rest}`);
}

function split(url: string): RequestTarget {
  const at = url.indexOf("?");
  return at < 0 ? { path: url, query: "" } : { path: url.slice(0, at), query: url.slice(at + 1) };
}

// A name or an IPv4 address may be written with percent signs; an IPv6 address stands in brackets. An empty one is what a client sends that has none.
const hostName = /^(?:[\w\-.~!$&'()*+,;=]|%[\da-fA-F]{2})*(?::\d{0,5})?$/;
const hostLiteral = /^\[(?:[\da-fA-F:.]+|v[\da-fA-F]+\.[\w\-.~!$&'()*+,;=:]+)\](?::\d{0,5})?$/;

let lastHost = "";

/** Whether a text is what RFC 3986 calls a host, with or without a port. */
function isHost(text: string): boolean {
  // Nearly all requests of a server name the same host.
  if (text === lastHost) return true;
  if (text.length > 512 || !(text.startsWith("[") ? hostLiteral : hostName).test(text)) return false;
  lastHost = text;
  return true;
}
