import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A response as it came over the wire. */
export interface WireResponse {
  readonly status: number;
  /** Names in lower case; of a name that came twice, both values with a comma between. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body read as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  readonly json: any;
}

/** A connection that sends exactly what a test writes and tells apart the ways in which it can end. */
export class Wire {
  readonly socket: Socket;
  /** How the server ended it: `end` is a clean close. */
  readonly ended: Promise<"end" | "reset">;
  #received: Buffer = Buffer.alloc(0);
  #over = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    let reset = false;
    socket.on("data", (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on("error", () => {
      reset = true;
    });
    this.ended = new Promise((resolve) => {
      const over = () => {
        this.#over = true;
        this.#wake();
        resolve(reset ? "reset" : "end");
      };
      socket.on("end", over);
      socket.on("close", over);
    });
  }

  /** Connects, from one of this machine's own addresses; the client half stays open when the server closes its own. */
  static async open(port: number, from = "127.0.0.1"): Promise<Wire> {
    const socket = connect({ port, host: "127.0.0.1", localAddress: from, allowHalfOpen: true, noDelay: true });
    await once(socket, "connect");
    return new Wire(socket);
  }

  /** Takes a connection that is open, such as one over TLS. */
  static over(socket: Socket): Wire {
    return new Wire(socket);
  }

  send(data: string | Uint8Array): this {
    this.socket.write(data);
    return this;
  }

  /** The next response, final or interim; undefined where the connection ended before a whole one. */
  async next({ head = false }: { readonly head?: boolean } = {}): Promise<WireResponse | undefined> {
    for (;;) {
      const taken = take(this.#received, { head, over: this.#over });
      if (taken !== undefined) {
        this.#received = taken.rest;
        return taken.response;
      }
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Sends a request and waits for its answer. */
  async ask(request: string, options?: { readonly head?: boolean }): Promise<WireResponse> {
    const response = await this.send(request).next(options);
    if (response === undefined) throw new TypeError("the server closed the connection without an answer");
    return response;
  }

  close(): void {
    this.socket.destroy();
  }
}

function take(
  bytes: Buffer,
  { head, over }: { readonly head: boolean; readonly over: boolean },
): { readonly response: WireResponse; readonly rest: Buffer } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const at = line.indexOf(":");
    const name = line.slice(0, at).toLowerCase();
    const value = line.slice(at + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const status = Number(first.split(" ")[1]);
  const bodiless = head || status === 204 || status === 304 || status < 200;
  const length = bodiless ? 0 : Number(headers["content-length"] ?? (over ? bytes.length - end - 4 : Number.NaN));
  const until = end + 4 + length;
  if (Number.isNaN(length) || bytes.length < until) return undefined;
  const body = bytes.subarray(end + 4, until).toString();
  const response = {
    status,
    headers,
    body,
    get json() {
      return JSON.parse(body);
    },
  };
  return { response, rest: bytes.subarray(until) };
}

/** What a test asks for, in parts. */
export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, text and bytes as they are. */
  readonly body?: unknown;
}

/** Writes a request out. */
export function requestText(method: string, target: string, { headers = {}, body }: Ask = {}): Buffer {
  const bytes =
    body === undefined ? undefined : Buffer.from(body instanceof Uint8Array || typeof body === "string" ? body : JSON.stringify(body));
  const lines = Object.entries({
    host: "test",
    ...(bytes && { "content-type": "application/json", "content-length": String(bytes.length) }),
    ...headers,
  });
  const head = `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), bytes ?? Buffer.alloc(0)]);
}

/** One request on a connection of its own. */
export async function ask(port: number, line: `${string} ${string}`, options?: Ask): Promise<WireResponse> {
  const [method = "", target = ""] = line.split(/ (.*)/s);
  const wire = await Wire.open(port);
  try {
    const response = await wire.send(requestText(method, target, options)).next({ head: method === "HEAD" });
    if (response === undefined) throw new TypeError(`${method} ${target}: the server closed the connection without an answer`);
    return response;
  } finally {
    wire.close();
  }
}
