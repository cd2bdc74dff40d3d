import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { nodeHttp } from "../../core/node/http.ts";

/** Headers that are the same in many replies, in both forms that are needed of them. */
export class HeaderBlock {
  /** Names and values in turn. */
  readonly pairs: readonly string[];
  readonly #text: string;
  readonly #afterStatus = new Map<number, string>();

  constructor(pairs: readonly string[]) {
    this.pairs = pairs;
    this.#text = linesOf(pairs);
  }

  /** As on the wire, behind the line of a status. */
  after(status: number): string {
    let text = this.#afterStatus.get(status);
    if (text === undefined) {
      // One flat string: V8 keeps a concatenation as its pieces, and would join them again for each reply.
      text = Buffer.from(statusLine(status) + this.#text, "latin1").toString("latin1");
      this.#afterStatus.set(status, text);
    }
    return text;
  }
}

/** Writes names and values, which alternate in *pairs*, as header lines. */
export function linesOf(pairs: readonly string[]): string {
  let text = "";
  for (let i = 0; i < pairs.length; i += 2) text += `${pairs[i]}: ${pairs[i + 1]}\r\n`;
  return text;
}

/** A whole reply, ready to be sent. */
export interface WrittenReply {
  readonly head: string;
  readonly body: string | Uint8Array;
  /** `latin1` where all of it is ASCII: it is copied as it is. */
  readonly encoding: "latin1" | "utf8";
}

/** What a response keeps of its head once it is written. */
interface HeadHolder {
  _header: string | null;
}

const statusLines = new Map<number, string>();

/** The first line of a reply. */
export function statusLine(status: number): string {
  let line = statusLines.get(status);
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${nodeHttp.STATUS_CODES[status] ?? "unknown"}\r\n`;
    statusLines.set(status, line);
  }
  return line;
}

/**
 * Answers with a head that is written already. `writeHead` checks every header against two regular expressions each time; ours are constants,
 * numbers, and ids that were checked when they came in. Only for replies with a body whose length the head tells.
 */
export function endWithHead(response: ServerResponse, { head, body, encoding }: WrittenReply): void {
  (response as unknown as HeadHolder)._header = head;
  response.end(body, encoding);
}

let proven: boolean | undefined;

/** Whether this version of Node sends such a head just as it is; tried once on a response that goes nowhere. Otherwise `writeHead` does it. */
export function headsAreSent(): boolean {
  proven ??= tryHead();
  return proven;
}

function tryHead(): boolean {
  let sent = "";
  const socket = new Writable({
    write(chunk: Buffer, _encoding, done) {
      sent += chunk.toString("latin1");
      done();
    },
  });
  try {
    const response = new nodeHttp.ServerResponse({ method: "POST", httpVersionMajor: 1, httpVersionMinor: 1 } as never);
    response.assignSocket(socket as never);
    endWithHead(response, { head: "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", body: "ok", encoding: "latin1" });
    return sent === "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok" && response.headersSent;
  } catch {
    return false;
  }
}

let second = 0;
let end = "";

/** The end of a head, with the `Date` of the reply; made once a second. *Units*: milliseconds since the Unix epoch. */
export function endOfHead(nowMs: number): string {
  const current = Math.floor(nowMs / 1_000);
  if (current !== second) {
    second = current;
    end = `\r\ndate: ${new Date(nowMs).toUTCString()}\r\nconnection: keep-alive\r\n\r\n`;
  }
  return end;
}
