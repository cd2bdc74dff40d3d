import type { CarriedInput, CarriedRequest } from "../../core/schema/opaque/carried.ts";
import type { Upload } from "../../core/schema/opaque/upload.ts";
import { BodyBytes } from "../body-bytes.ts";
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
export function webInputOf(parts: WebRequestParts): CarriedInput {
  const { protocol, host, path, query, params } = parts;
  const url = `${protocol}://${host || "localhost"}${path}${query === "" ? "" : `?${query}`}`;
  if (!URL.canParse(url)) throw URL.canParse(`${protocol}://${host || "localhost"}/`) ? urlMalformed("The path") : hostInvalid();
  return new PlainInput(new PlainRequest(parts, url), { ...(params as Readonly<Record<string, string>>) });
}

class PlainInput implements CarriedInput {
  readonly carried: PlainRequest;
  readonly params: Readonly<Record<string, string>>;
  #request: Request | undefined = undefined;

  constructor(carried: PlainRequest, params: Readonly<Record<string, string>>) {
    this.carried = carried;
    this.params = params;
  }

  /** Most carriers ask for none: it costs as much as all else that is read of a request. */
  get request(): Request {
    this.#request ??= this.carried.toWeb();
    return this.#request;
  }
}

class PlainRequest implements CarriedRequest {
  readonly #parts: WebRequestParts;
  readonly url: string;

  constructor(parts: WebRequestParts, url: string) {
    this.#parts = parts;
    this.url = url;
  }

  get method(): string {
    return this.#parts.method;
  }

  header(name: string): string | null {
    const { lines } = this.#parts;
    let found: string | null = null;
    for (let i = 0; i < lines.length; i += 2) {
      const line = lines[i] as string;
      if (line.length !== name.length || line.toLowerCase() !== name) continue;
      const value = (lines[i + 1] as string).trim();
      found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }

  async body(): Promise<Uint8Array> {
    const bytes = new BodyBytes();
    for await (const piece of this.#parts.body ?? []) bytes.add(piece);
    return bytes.all() ?? new Uint8Array(0);
  }

  toWeb(): Request {
    const { method, lines, body, signal } = this.#parts;
    const headers: [string, string][] = [];
    for (let i = 0; i < lines.length; i += 2) {
      const name = lines[i] as string;
      if (!ofConnection.test(name)) headers.push([name, lines[i + 1] as string]);
    }
    const sent = body === undefined ? {} : { body: body.stream(), duplex: "half" };
    return new Request(this.url, { method, headers, signal, redirect: "manual", ...sent } as RequestInit);
  }
}
