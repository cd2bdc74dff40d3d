import type { Socket } from "node:net";
import { systemClock } from "../../core/clock.ts";
import { limits as bounds } from "../../core/limits.ts";
import type { LeanRequest } from "../lean-request.ts";
import { afterEachRead, dropRest, skipRest } from "./skipping.ts";

// Sockets live in real time, whatever the app's clock says.
const lingerMs = 1_000;
const lingerBytes = 1_048_576;
const lookEveryMs = 20;

/**
 * Closes gently after the response: a socket that is destroyed with bytes unread resets the connection, and the reset can overtake the response.
 * *Bounds*: a second, or a megabyte more.
 */
export function lingers(request: LeanRequest): void {
  const { socket } = request;
  request.discard();
  takesNoMoreThan(socket, request.known.chunked);
  socket.destroySoon = () => endsGently(socket);
}

/** Reads nothing of what still comes on a connection that is about to end. *Bounds*: a megabyte more, then the client is cut. */
export function ignoresRest(socket: Socket): void {
  skipRest(socket);
  takesNoMoreThan(socket, false);
}

function takesNoMoreThan(socket: Socket, inChunks: boolean): void {
  const most = socket.bytesRead + lingerBytes;
  const cut = () => {
    if (socket.bytesRead > most) socket.destroy();
  };
  // Even a parser that calls nothing looks at every chunk, and there is one for each byte where the client wants it so.
  if (inChunks) return dropRest(socket, cut);
  if (afterEachRead(socket, cut)) return;
  // A connection that is read otherwise, as one whose parser has gone, is looked at now and then: a fast client sends megabytes in between.
  const look = () => {
    cut();
    if (!socket.destroyed) timer = systemClock.schedule(lookEveryMs, look);
  };
  let timer = systemClock.schedule(lookEveryMs, look);
  socket.once("close", () => timer.cancel());
}

/** Sends what is written and the end, and closes when the client has closed too. *Bounds*: a second; a client that does neither is cut. */
export function endsGently(socket: Socket, last?: string): void {
  // A client that closes after its last response is reported as malformed once more. To write then, even nothing, is an error with a stack.
  if (!socket.writableEnded) {
    if (last === undefined) socket.end();
    else socket.end(last);
  }
  const timer = systemClock.schedule(lingerMs, () => socket.destroy());
  socket.once("close", () => timer.cancel());
}

/** Whether an error of a connection means that the client is gone. */
export function isGone(error: NodeJS.ErrnoException): boolean {
  return error.code === "ECONNRESET" || error.code === "HPE_INVALID_EOF_STATE";
}

/** The shortest response that is HTTP. */
export function refuseMalformed(error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const line = error.rawPacket?.indexOf("\r\n") ?? 0;
  const statuses: Record<string, string> = {
    HPE_HEADER_OVERFLOW: line < 0 || line > bounds.urlBytes ? "414 URI Too Long" : "431 Request Header Fields Too Large",
    ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  };
  endsGently(socket, `HTTP/1.1 ${statuses[error.code ?? ""] ?? "400 Bad Request"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/**
 * Makes errors without stacks until the function that it returns is called, in the same turn. For every request that a closed connection leaves unanswered
 * the server makes one that nothing reads: of hundreds of pipelined requests, their stacks take longer than all the rest.
 */
export function withoutStacks(): () => void {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  return () => {
    Error.stackTraceLimit = limit;
  };
}
