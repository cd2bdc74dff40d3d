import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Bounds the connections of a server in such a way that a new one always finds room: the one that has asked for nothing for longest goes, and where all
 * wait for a reply, the one that has waited longest. Connections that idle, or read slowly, cannot keep a health check out.
 */
export function makeRoom(server: Server, most: number): void {
  /** True while something was asked that was not answered; in the order in which that changed. */
  const connections = new Map<Socket, boolean>();
  const move = (socket: Socket, asks: boolean) => {
    if (connections.delete(socket)) connections.set(socket, asks);
  };
  server.on("connection", (socket) => {
    if (connections.size >= most) {
      const [goes] = [...connections].find(([, asks]) => !asks) ?? [...connections][0] ?? [];
      if (goes !== undefined) {
        connections.delete(goes);
        goes.destroy();
      }
    }
    connections.set(socket, false);
    socket.once("close", () => connections.delete(socket));
  });
  server.on("request", ({ socket }, response) => {
    move(socket, true);
    response.once("close", () => move(socket, false));
  });
}
