import assert from "node:assert";
import type { Fault } from "../../core/fault.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { Replies, Turn, TurnResponse } from "../reception/turn.ts";
import { type Handshake, readHandshake, readStreamHandshake, upgradeRequired } from "./handshake.ts";
import { SocketStream } from "./socket-stream.ts";

/** Reads the handshake of a request; the fault of one that cannot become a WebSocket. */
export function handshakeOf({ request, response }: Turn, lines: readonly string[]): Handshake | Fault {
  const { method = "", httpVersion } = request;
  if (httpVersion === "2.0") return readStreamHandshake({ isOpen: response.upgrade !== undefined, lines });
  const read = readHandshake({ method, isCurrent: httpVersion === "1.1", lines });
  // What `node:http` did not hand over is served as a request.
  return response.upgrade === undefined && "key" in read ? upgradeRequired() : read;
}

interface SocketWays {
  readonly listener: Pick<Replies, "webSockets" | "stallMs">;
  readonly response: TurnResponse;
  readonly drained: () => void;
}

/** Opens the WebSocket that a request asks for: from then on its connection speaks frames. */
export function openSocket(execution: RunningExecution, handshake: Handshake, { listener, response, drained }: SocketWays): SocketStream {
  const { webSockets, stallMs } = listener;
  const { incoming } = execution.streaming ?? {};
  assert(webSockets !== undefined && incoming !== undefined, "an operation that receives has WebSockets");
  assert(response.upgrade !== undefined, "the handshake was read of a request that can become a WebSocket");
  const opened = webSockets.open(execution.compiled, handshake, response.upgrade());
  return new SocketStream(opened, execution, { inbox: incoming, stallMs, drained });
}
