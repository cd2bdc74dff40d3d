import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { endsGently } from "../connections/closing.ts";
import { LeanResponse } from "../connections/lean-response.ts";

/** Makes the response to a request for a WebSocket, which a refusal is written to: `node:http` makes none, and has let go of the socket. */
export function upgradeResponse(request: IncomingMessage, duplex: Duplex, head: Buffer): LeanResponse {
  const socket = duplex as Socket;
  const response = new LeanResponse(request);
  response.upgrade = () => {
    response.detachSocket(socket);
    return { socket, head };
  };
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  socket.on("error", () => socket.destroy());
  response.on("finish", () => {
    response.detachSocket(socket);
    endsGently(socket);
  });
  return response;
}
