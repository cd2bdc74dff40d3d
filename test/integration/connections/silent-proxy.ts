import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A network that can forget the connections that it carries: both sides stay open, and nothing arrives any more. New ones work. */
export interface SilentProxy extends AsyncDisposable {
  through(url: string): string;
  /** Forgets what is connected now. */
  forget(): void;
}

export async function silentProxy(url: string): Promise<SilentProxy> {
  const { hostname: host, port } = new URL(url);
  const carried = new Set<{ readonly sockets: readonly Socket[]; forgotten: boolean }>();
  const server = createServer((client) => {
    const target = connect({ host, port: Number(port) });
    const link = { sockets: [client, target], forgotten: false };
    carried.add(link);
    const carry = (from: Socket, to: Socket) => {
      from.on("data", (bytes) => link.forgotten || to.write(bytes));
      from.on("error", () => undefined).on("close", () => link.forgotten || to.destroy());
    };
    carry(client, target);
    carry(target, client);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    through(direct) {
      const changed = new URL(direct);
      changed.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      return changed.href;
    },
    forget() {
      for (const link of carried) link.forgotten = true;
    },
    async [Symbol.asyncDispose]() {
      for (const { sockets } of carried) for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
