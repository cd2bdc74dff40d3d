import type { App, Code } from "plimsoll";

/** An error of a reply, as its client reads it. */
export interface ReadError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  readonly extensions: { readonly code: Code; readonly type: string; readonly status: number } & Readonly<Record<string, unknown>>;
}

/** A reply, as its client reads it. */
export interface Read {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for.
  readonly data: any;
  readonly errors: readonly ReadError[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** What goes with a document. */
export interface Asking {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly address?: string;
  readonly signal?: AbortSignal;
}

/** Asks an app by GraphQL, without a socket. */
export async function ask(app: App, query: string, { headers, address = "192.0.2.1", signal, ...rest }: Asking = {}): Promise<Read> {
  const request = new Request("http://test/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json", ...headers },
    body: JSON.stringify({ query, ...rest }),
    ...(signal && { signal }),
  });
  return readReply(await app.fetch(request, { address }));
}

/** Reads a reply of GraphQL, or a problem of HTTP in its place. */
export async function readReply(response: Response): Promise<Read> {
  const text = await response.text();
  const { data, errors = [], extensions = {} } = JSON.parse(text);
  return { status: response.status, headers: response.headers, text, data, errors, extensions };
}
