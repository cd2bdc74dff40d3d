import type { App } from "plimsoll";

/** A reply, as its client reads it. */
export interface Read {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for.
  readonly result: any;
  // biome-ignore lint/suspicious/noExplicitAny: likewise.
  readonly error: any;
  readonly id: unknown;
  /** What came in front of the result, of a reply of events. */
  // biome-ignore lint/suspicious/noExplicitAny: likewise.
  readonly messages: any[];
}

/** What goes with a message. */
export interface Asking {
  readonly id?: string | number;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly capabilities?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

type Params = Readonly<Record<string, unknown>>;

let lastId = 0;

/** How the requests of an app are sent. */
export const from = (app: App) => ({
  /** Asks as a client of 2026-07-28 does. */
  modern: (method: string, params: Params = {}, asking: Asking = {}): Promise<Read> => {
    const { id = ++lastId, meta, capabilities = {}, headers, signal } = asking;
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": capabilities,
      ...meta,
    };
    const name = params.name ?? params.uri ?? params.taskId;
    const named = typeof name === "string" && { "mcp-name": name };
    const head = { "mcp-protocol-version": "2026-07-28", "mcp-method": method, ...named, ...headers };
    return post(app, JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta } }), {
      headers: head,
      ...(signal && { signal }),
    });
  },
  /** Asks as a client of 2025-11-25 does, without a session where none is given. */
  legacy: (method: string, params: Params = {}, { id = ++lastId, headers, signal }: Asking = {}): Promise<Read> => {
    const head = { "mcp-protocol-version": "2025-11-25", ...headers };
    return post(app, JSON.stringify({ jsonrpc: "2.0", id, method, params }), { headers: head, ...(signal && { signal }) });
  },
});

/** Begins a session of 2025-11-25, and returns the headers of its requests. */
export async function begin(app: App, headers: Readonly<Record<string, string>> = {}): Promise<Readonly<Record<string, string>>> {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } };
  const read = await post(app, JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }), { headers });
  return { ...headers, "mcp-protocol-version": "2025-11-25", "mcp-session-id": read.headers.get("mcp-session-id") ?? "" };
}

/** Sends any body. */
export async function post(app: App, body: string, { headers, signal }: Pick<Asking, "headers" | "signal"> = {}): Promise<Read> {
  const head = { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers };
  const request = new Request("http://localhost/mcp", { method: "POST", headers: head, body, ...(signal && { signal }) });
  const response = await app.fetch(request, { address: "192.0.2.1" });
  const text = await response.text();
  const isEvents = response.headers.get("content-type") === "text/event-stream";
  const messages = isEvents ? messagesOf(text) : text === "" ? [] : [JSON.parse(text)];
  const { result, error, id } = messages.pop() ?? {};
  return { status: response.status, headers: response.headers, result, error, id, messages };
}

/** The messages in a text of events. */
// biome-ignore lint/suspicious/noExplicitAny: likewise.
function messagesOf(text: string): any[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json as string));
}
