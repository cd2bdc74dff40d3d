import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands before a server, and translates what it reports as `lc_messages` would have it: the severity, and the quotes of the message. */
export interface OtherLanguage extends AsyncDisposable {
  through(url: string): string;
}

const errorResponse = "E".charCodeAt(0);
const noticeResponse = "N".charCodeAt(0);
const severities: Readonly<Record<string, string>> = { ERROR: "错误", FATAL: "致命错误", PANIC: "比致命错误还过分的错误" };

/** *Default* of `quotes`: those of German. */
export async function otherLanguage(url: string, quotes: readonly [open: string, close: string] = ["»", "«"]): Promise<OtherLanguage> {
  const { hostname: host, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect({ host, port: Number(port) });
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => undefined).on("close", () => to.destroy());
    }
    client.on("data", (bytes) => target.write(bytes));
    let rest: Buffer = Buffer.alloc(0);
    target.on("data", (more) => {
      rest = Buffer.concat([rest, more]);
      for (let size = sizeOf(rest); size <= rest.length; size = sizeOf(rest)) {
        client.write(translated(rest.subarray(0, size), quotes));
        rest = rest.subarray(size);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    through(direct) {
      const changed = new URL(direct);
      changed.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      return changed.href;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const sizeOf = (bytes: Buffer) => (bytes.length < 5 ? Number.POSITIVE_INFINITY : 1 + bytes.readInt32BE(1));

function translated(message: Buffer, [open, close]: readonly [string, string]): Buffer {
  if (message[0] !== errorResponse && message[0] !== noticeResponse) return message;
  const fields = message.toString("utf8", 5).split("\u0000");
  const text = fields
    .map((field) => {
      if (field.startsWith("S")) return `S${severities[field.slice(1)] ?? field.slice(1)}`;
      return field.startsWith("M") ? field.replace(/"([\s\S]*)"/, `${open}$1${close}`) : field;
    })
    .join("\u0000");
  const body = Buffer.from(text);
  const head = Buffer.alloc(5);
  head[0] = message[0];
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
