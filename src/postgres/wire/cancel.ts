import { connect, type Socket } from "node:net";
import { limits } from "../../core/limits.ts";

/** Where a backend is reached, and the key that it gave. */
interface Backend {
  readonly processId: number;
  readonly secretKey: number;
  readonly host: string;
  readonly port: number;
}

/** Asks a server to stop what a backend runs. Resolves when the server has taken note, or when that cannot be known. */
export function requestCancel({ processId, secretKey, host, port }: Backend): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
    socket.setTimeout(limits.quarantineMs, () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
    const request = Buffer.alloc(16);
    request.writeInt32BE(16, 0);
    request.writeInt32BE(80877102, 4);
    request.writeInt32BE(processId, 8);
    request.writeInt32BE(secretKey, 12);
    // The server closes after it has signalled the backend: the close is the acknowledgement.
    socket.on("connect", () => socket.write(request));
    socket.resume();
  });
}
