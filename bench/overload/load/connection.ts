import { connect, type Socket } from "node:net";
import type { Answer } from "../../../src/load/index.ts";

const headEnd = Buffer.from("\r\n\r\n");
const empty = Buffer.alloc(0);

interface Pending {
  readonly since: number;
  settle(answer: Answer): void;
}

/**
 * One kept connection, with one call at a time. It writes bytes that are ready, and reads of the reply the status and the length: a client that does more needs
 * the whole core for what the server refuses, and misses its schedule.
 */
export class Connection {
  readonly #address: { readonly host: string; readonly port: number };
  #socket: Socket | undefined;
  #pending: Pending | undefined;
  #read: Buffer = empty;

  constructor(url: URL) {
    this.#address = { host: url.hostname, port: Number(url.port) };
  }

  /** Sends a request, on a new socket where the last one has ended. */
  send(bytes: Buffer): Promise<Answer> {
    this.#socket ??= this.#open();
    const socket = this.#socket;
    return new Promise((settle) => {
      this.#pending = { since: performance.now(), settle };
      socket.write(bytes);
    });
  }

  /** Gives up a call that was sent so long ago. */
  expire(before: number): void {
    if (this.#pending !== undefined && this.#pending.since < before) this.#end("timeout");
  }

  close(): void {
    this.#end("closed");
  }

  #open(): Socket {
    const socket = connect({ ...this.#address, noDelay: true });
    let reason = "ended";
    socket.on("data", (bytes) => this.#take(bytes));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message;
    });
    socket.on("close", () => {
      if (this.#socket === socket) this.#end(reason);
    });
    return socket;
  }

  #end(reason: string): void {
    const [socket, pending] = [this.#socket, this.#pending];
    this.#socket = undefined;
    this.#pending = undefined;
    this.#read = empty;
    socket?.destroy();
    pending?.settle({ kind: "failed", reason });
  }

  #take(bytes: Buffer): void {
    this.#read = this.#read.length === 0 ? bytes : Buffer.concat([this.#read, bytes]);
    const end = this.#read.indexOf(headEnd);
    if (end < 0) return;
    const head = this.#read.toString("latin1", 0, end).toLowerCase();
    const status = head.slice(9, 12);
    const length = status === "204" ? "0" : /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    if (length === undefined) return this.#end("reply without a length");
    if (this.#read.length < end + headEnd.length + Number(length)) return;
    this.#read = empty;
    const pending = this.#pending;
    this.#pending = undefined;
    if (head.includes("\r\nconnection: close")) this.#end("closed");
    pending?.settle(answerOf(status));
  }
}

function answerOf(status: string): Answer {
  if (status.startsWith("2")) return { kind: "ok" };
  return { kind: status === "503" || status === "429" ? "refused" : "failed", reason: status };
}
