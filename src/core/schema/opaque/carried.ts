import type { WebInput } from "./web.ts";

/** A request as those routes read it that carry executions of others, without the objects of the web. */
export interface CarriedRequest {
  readonly method: string;
  readonly url: string;
  /** The value of a header, null where none came; `name`: in small letters. */
  header(name: string): string | null;
  /** Reads the body, once. *Bounds*: `requestBytes` of its route. */
  body(): Promise<Uint8Array>;
}

/** The input of a plain route as a surface makes it: its web request is made for those who ask for it. */
export interface CarriedInput extends WebInput {
  readonly carried: CarriedRequest;
}

/** Returns the request of a plain route's input. */
export function carriedOf(input: WebInput): CarriedRequest {
  const { carried } = input as Partial<CarriedInput>;
  if (carried !== undefined) return carried;
  const { request } = input;
  const { method, url, headers } = request;
  return { method, url, header: (name) => headers.get(name), body: async () => new Uint8Array(await request.arrayBuffer()) };
}

/** A reply whose text is known, which a surface writes at once. */
export class TextReply {
  readonly status: number;
  /** Names, in small letters, and values in turn. */
  readonly headers: readonly string[];
  readonly text: string;

  constructor(status: number, headers: readonly string[], text: string) {
    this.status = status;
    this.headers = headers;
    this.text = text;
  }
}
