import { connect, createServer, type Socket } from "node:net";

/** How long what the client writes is gathered: long enough that one flight is one burst, however many writes it took. */
const gatherMs = 1;

/** A proxy before a server that counts flights: bursts from the client, with an answer of the server before each. */
export interface FlightProxy {
  readonly port: number;
  readonly flights: number;
  reset(): void;
  close(): Promise<void>;
}

/** Starts the proxy on a free port of 127.0.0.1. */
export function startFlightProxy({ host, port }: { readonly host: string; readonly port: number }): Promise<FlightProxy> {
  const sockets = new Set<Socket>();
  let flights = 0;
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host, port, noDelay: true });
    for (const [socket, other] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    let gathered: Buffer[] = [];
    let answered = true;
    client.on("data", (chunk: Buffer) => {
      gathered.push(chunk);
      if (gathered.length > 1) return;
      setTimeout(() => {
        if (answered) flights++;
        answered = false;
        upstream.write(Buffer.concat(gathered));
        gathered = [];
      }, gatherMs);
    });
    upstream.on("data", (chunk: Buffer) => {
      answered = true;
      client.write(chunk);
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () =>
      resolve({
        port: (server.address() as { port: number }).port,
        get flights() {
          return flights;
        },
        reset() {
          flights = 0;
        },
        async close() {
          for (const socket of sockets) socket.destroy();
          await new Promise((closed) => server.close(closed));
        },
      }),
    );
  });
}
