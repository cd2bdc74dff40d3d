import assert from "node:assert";
import { limits } from "../../core/limits.ts";
import { optionsInvalid, pathInvalid } from "../faults.ts";

/** Values that stand in a path or a query. */
export type TargetValue = string | number | boolean;

/** What a request asks for below the base URL. */
export interface TargetParts {
  /** Begins with `/`. `{name}` stands for a parameter, whose value is percent-encoded whole. It may have a query. */
  readonly path: string;
  readonly params?: Readonly<Record<string, TargetValue>> | undefined;
  /** Left out where undefined; a list gives its name once for each value. */
  readonly query?: Readonly<Record<string, TargetValue | readonly TargetValue[] | undefined>> | undefined;
}

/** Where an upstream is. */
export interface Base {
  readonly origin: string;
  readonly hostname: string;
  readonly port: number;
  /** The path of the base URL without the slash at its end. */
  readonly prefix: string;
}

/** Reads a base URL. *Faults thrown*: `failed_precondition` of type `upstream_options_invalid`. */
export function readBase(upstream: string, baseUrl: string): Base {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch (cause) {
    throw optionsInvalid(upstream, "baseUrl is no URL. Write one as https://prices.example.com/v2.", cause);
  }
  const { protocol, username, password, search, hash } = url;
  if (protocol !== "http:" && protocol !== "https:")
    throw optionsInvalid(upstream, `baseUrl has the scheme ${protocol} Write http or https.`);
  if (username !== "" || password !== "") throw optionsInvalid(upstream, "baseUrl has credentials. Send them in headers.");
  if (search !== "" || hash !== "") throw optionsInvalid(upstream, "baseUrl has a query or a fragment. Leave it out.");
  const port = url.port === "" ? (protocol === "https:" ? 443 : 80) : Number(url.port);
  const hostname = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  return { origin: url.origin, hostname, port, prefix: url.pathname.replace(/\/+$/, "") };
}

const pathForm = /^(?:\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)+$/;
const queryForm = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/;

/**
 * Writes the target of a request line: path and query.
 * *Guarantees*: it begins with the prefix of the base, and no server that normalizes it leaves that prefix, whether it decodes before or after.
 * *Faults thrown*: `invalid_argument` of type `upstream_path_invalid`.
 */
export function targetOf(upstream: string, { prefix }: Base, { path, params, query }: TargetParts): string {
  const cut = path.indexOf("?");
  const own = filled(upstream, cut === -1 ? path : path.slice(0, cut), params);
  checkPath(upstream, own);
  const search = searchOf(upstream, cut === -1 ? "" : path.slice(cut + 1), query);
  const target = `${prefix}${own}${search === "" ? "" : `?${search}`}`;
  if (target.length > limits.upstreamTargetChars) throw pathInvalid(upstream, `has more than ${limits.upstreamTargetChars} characters`);
  return target;
}

function filled(upstream: string, template: string, params: TargetParts["params"]): string {
  if (params === undefined) return template;
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    assert(value !== undefined, `The path ${template} of a request to ${upstream} has the parameter ${name}. Give its value in params.`);
    if (value === "") throw pathInvalid(upstream, `has no value for the parameter ${name}`);
    return encoded(upstream, String(value));
  });
}

function checkPath(upstream: string, path: string): void {
  if (!pathForm.test(path))
    throw pathInvalid(upstream, 'is none: it begins with "/" and has only the characters of a path, others percent-encoded');
  if (path.includes("//")) throw pathInvalid(upstream, "has an empty segment");
  for (const segment of path.split("/")) if (mayClimb(segment)) throw pathInvalid(upstream, "has a segment that leads out of it");
}

/** However often a server decodes a segment, and whatever it takes for a slash. */
function mayClimb(segment: string): boolean {
  let text = segment;
  for (let previous = ""; ; ) {
    if (text.split(/[/\\]/).some((part) => /^\.{1,2}(?:;.*)?$/.test(part))) return true;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    if (/[\0-\x1f\x7f]/.test(text)) return true;
    previous = text;
    try {
      text = decodeURIComponent(text);
    } catch {
      // What does not decode is no UTF-8 to begin with, or stands for itself after the first time.
      return previous === segment;
    }
    if (text === previous) return false;
  }
}

function searchOf(upstream: string, own: string, query: TargetParts["query"]): string {
  if (!queryForm.test(own)) throw pathInvalid(upstream, "has a query with characters that are not percent-encoded");
  const pairs = own === "" ? [] : [own];
  for (const [name, value] of Object.entries(query ?? {}))
    for (const one of Array.isArray(value) ? (value as readonly TargetValue[]) : [value as TargetValue | undefined])
      if (one !== undefined) pairs.push(`${encoded(upstream, name)}=${encoded(upstream, String(one))}`);
  return pairs.join("&");
}

function encoded(upstream: string, text: string): string {
  if (!text.isWellFormed()) throw pathInvalid(upstream, "has half a surrogate pair");
  return encodeURIComponent(text);
}
