import { connect, createServer, type Socket } from "node:net";

/** A proxy before PostgreSQL that counts statements: what the server says it has completed. */
export interface StatementProxy {
  readonly port: number;
  readonly statements: number;
  close(): Promise<void>;
}

const commandComplete = "C".charCodeAt(0);
const headerLength = 5;

/** Starts the proxy on a free port of 127.0.0.1. Connections without TLS only. */
export function startStatementProxy({ host, port }: { readonly host: string; readonly port: number }): Promise<StatementProxy> {
  const sockets = new Set<Socket>();
  let statements = 0;
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host, port, noDelay: true });
    for (const [socket, other] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(socket);
      socket.on("data", (chunk: Buffer) => other.write(chunk));
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    upstream.on(
      "data",
      countMessages((type) => {
        if (type === commandComplete) statements++;
      }),
    );
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () =>
      resolve({
        port: (server.address() as { port: number }).port,
        get statements() {
          return statements;
        },
        async close() {
          for (const socket of sockets) socket.destroy();
          await new Promise((closed) => server.close(closed));
        },
      }),
    );
  });
}

/** Tells the type of each message of the server, however the stream is cut. */
function countMessages(tell: (type: number) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let skip = 0;
  return (chunk) => {
    let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (;;) {
      const skipped = Math.min(skip, bytes.length);
      skip -= skipped;
      bytes = bytes.subarray(skipped);
      if (skip > 0 || bytes.length < headerLength) break;
      tell(bytes[0]!);
      // The length counts itself, and not the type before it.
      skip = bytes.readUInt32BE(1) + 1;
    }
    rest = bytes;
  };
}
