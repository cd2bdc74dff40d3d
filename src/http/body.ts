import type { IncomingMessage } from "node:http";
import { Fault } from "../core/fault.ts";
import { parseJson } from "../core/json.ts";
import { bodyTooLarge, busy, notJson } from "./problem.ts";
import type { RequestHeaders } from "./request-headers.ts";

/** Bounds of the bodies of one server. */
export interface BodyLimits {
  readonly bodyBytes: number;
  readonly bodyBytesInFlight: number;
  readonly jsonDepth: number;
}

/** Reads JSON bodies within bounds on each, and on all of them together. */
export class BodyReader {
  readonly limits: BodyLimits;
  #inFlight = 0;

  constructor(limits: BodyLimits) {
    this.limits = limits;
  }

  get bytesInFlight(): number {
    return this.#inFlight;
  }

  /**
   * Reads and parses a body. Undefined where there is none.
   * *Faults thrown*: `invalid_argument` (413, 415, malformed JSON), `unavailable` where too much is being read at once, `cancelled` where the client went away.
   */
  read(request: IncomingMessage, headers: RequestHeaders): undefined | Promise<unknown> {
    const length = headers.contentLength === undefined ? undefined : Number(headers.contentLength);
    if (length === 0 || (length === undefined && !headers.chunked)) return undefined;
    if (!isJson(headers.contentType)) throw notJson();
    const { bodyBytes, bodyBytesInFlight, jsonDepth } = this.limits;
    if (length !== undefined && length > bodyBytes) throw bodyTooLarge(bodyBytes);
    if (this.#inFlight >= bodyBytesInFlight) throw busy({ limit: "body bytes in flight", value: bodyBytesInFlight, load: this.#inFlight });
    return this.#collect(request).then((bytes) => (bytes.length === 0 ? undefined : parseJson(bytes, { maxDepth: jsonDepth })));
  }

  #collect(request: IncomingMessage): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let first: Buffer | undefined;
      let more: Buffer[] | undefined;
      let size = 0;
      const done = () => {
        this.#inFlight -= size;
        request.removeAllListeners("data");
      };
      request.on("data", (chunk: Buffer) => {
        size += chunk.length;
        this.#inFlight += chunk.length;
        if (size > this.limits.bodyBytes) {
          done();
          reject(bodyTooLarge(this.limits.bodyBytes));
        } else if (first === undefined) first = chunk;
        else if (more === undefined) more = [first, chunk];
        else more.push(chunk);
      });
      request.on("end", () => {
        done();
        resolve(more === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(more));
      });
      request.on("error", () => {
        done();
        reject(new Fault({ code: "cancelled", message: "The client went away before its request was whole." }));
      });
    });
  }
}

export function isJson(contentType: string | undefined): boolean {
  if (contentType === "application/json") return true;
  return contentType !== undefined && /^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i.test(contentType);
}
