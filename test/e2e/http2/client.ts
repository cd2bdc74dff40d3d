// A client of HTTP/2 for tests: that of node:http2 over a connection of a test.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from "node:http2";
import type { ConnectionOptions } from "node:tls";
import { secure } from "../tls/secure.ts";

/** A response, with its fields as they came. */
export interface H2Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  readonly json: any;
}

/** A connection that has chosen HTTP/2. */
export class H2Client implements AsyncDisposable {
  readonly session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
    session.on("error", () => undefined);
  }

  static async open(port: number, options: ConnectionOptions = {}, from?: string): Promise<H2Client> {
    const socket = await secure(port, { ALPNProtocols: ["h2"], ...options }, from);
    const session = connect("https://shop.test", { createConnection: () => socket });
    // A server that takes no client without a certificate says so after the handshake.
    await Promise.race([once(session, "remoteSettings"), once(session, "close").then(() => assert.fail("the connection has closed"))]);
    return new H2Client(session);
  }

  /** Begins a request; `body` undefined leaves it open where `isOpen`. */
  begin(headers: OutgoingHttpHeaders, body?: string | Uint8Array | "open"): ClientHttp2Stream {
    const stream = this.session.request(headers, { endStream: body === undefined });
    stream.on("error", () => undefined);
    if (body !== undefined && body !== "open") stream.end(body);
    return stream;
  }

  async ask(method: string, path: string, { headers = {}, body }: Asked = {}): Promise<H2Response> {
    const text = body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    const type = text === undefined ? {} : { "content-type": "application/json" };
    return await responseOf(this.begin({ ":method": method, ":path": path, ...type, ...headers }, text));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => {
      if (this.session.destroyed) return resolve();
      this.session.once("close", resolve);
      this.session.destroy();
    });
  }
}

interface Asked {
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: unknown;
}

/** Rejects where the stream is reset. */
export async function responseOf(stream: ClientHttp2Stream): Promise<H2Response> {
  const ended = new Promise<void>((resolve, reject) => {
    stream.once("close", () => (stream.rstCode === 0 ? resolve() : reject(new TypeError(`the stream was reset with ${stream.rstCode}`))));
  });
  const parts: Buffer[] = [];
  stream.on("data", (part: Buffer) => parts.push(part));
  let headers: H2Response["headers"] = {};
  stream.once("response", (got) => {
    headers = got as H2Response["headers"];
  });
  await ended;
  const body = Buffer.concat(parts);
  return {
    ...{ status: Number(headers[":status"]), headers, body },
    get json() {
      return JSON.parse(body.toString());
    },
  };
}
