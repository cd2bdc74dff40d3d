/** One request, or several, as they stand on the wire; and what the server must make of them. */
export interface RfcCase {
  /** The section of the RFC, as in `RFC 9112 §3.2`. */
  readonly section: string;
  readonly name: string;
  /** Each character is one byte. */
  readonly send: string;
  /** The statuses of all responses in turn; several for one where the RFC leaves the choice. */
  readonly gives: readonly (number | readonly number[])[];
  /** Whether the connection serves another request after them, or ends. */
  readonly leaves: "open" | "closed";
  /** The ids for which the operation ran. *Default*: `a` where the first status is 200, otherwise none. */
  readonly runs?: readonly string[];
}

const json = "content-type: application/json\r\n";

/** Writes a request of the operation with the id `a`. */
export function post(head = "", body = "", line = "POST /echo/a HTTP/1.1"): string {
  return `${line}\r\nhost: test\r\n${head}\r\n${body}`;
}

/** With a body of JSON, and its length. */
export function sized(head = "", body = "{}"): string {
  return post(`${json}${head}content-length: ${body.length}\r\n`, body);
}

/** With a body in chunks, written by the case. */
export function chunked(chunks: string, head = ""): string {
  return post(`${json}${head}transfer-encoding: chunked\r\n`, chunks);
}

/** What a smuggler hides behind a request: it must never run unless it is one for all who read. */
export const hidden = "POST /echo/hidden HTTP/1.1\r\nhost: test\r\n\r\n";
