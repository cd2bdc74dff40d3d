import type { Upload } from "../../core/schema/opaque/upload.ts";
import type { WebInput } from "../../core/schema/opaque/web.ts";
import { hostInvalid, urlMalformed } from "../faults.ts";

/** What a web request is made of. */
export interface WebRequestParts {
  readonly protocol: "http" | "https";
  readonly host: string | undefined;
  readonly method: string;
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
  /** Names and values of its head, in turn. */
  readonly lines: readonly string[];
  /** Undefined where none is read, or none came. */
  readonly body: Upload | undefined;
  readonly signal: AbortSignal;
  readonly params: Readonly<Record<string, string | undefined>>;
}

// What belongs to the connection, and not to the request.
const ofConnection = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|expect|te|trailer)$/i;

/** The path of a request target, which may be a whole URL. */
export function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?]*/i, "").split("?", 1)[0];
  return path === undefined || path === "" ? "/" : path;
}

/** Makes the input of a plain route. *Faults thrown*: `invalid_argument` where its parts make no URL. */
export function webInputOf({ protocol, host, method, path, query, lines, body, signal, params }: WebRequestParts): WebInput {
  const url = `${protocol}://${host || "localhost"}${path}${query === "" ? "" : `?${query}`}`;
  if (!URL.canParse(url)) throw URL.canParse(`${protocol}://${host || "localhost"}/`) ? urlMalformed("The path") : hostInvalid();
  const headers: [string, string][] = [];
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i] as string;
    if (!ofConnection.test(name)) headers.push([name, lines[i + 1] as string]);
  }
  const sent = body === undefined ? {} : { body: body.stream(), duplex: "half" };
  const request = new Request(url, { method, headers, signal, redirect: "manual", ...sent } as RequestInit);
  return { request, params: { ...(params as Readonly<Record<string, string>>) } };
}
