// Hostile clients, as a process of their own: they open connections of every sort, hold so many at once, and say how many there were.
import { connect, type Socket } from "node:net";
import { setPriority } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

const [port = 0, connections = 0, atOnce = 0, first = 2, perSecond = 1, fatEvery = 20] = process.argv.slice(2).map(Number);
const head = "host: test\r\ncontent-type: application/json\r\n";
const post = "POST /v1/sessions HTTP/1.1\r\n";
const megabyte = 1_048_576;

/** Bodies that cost more to read than to send, made before the first connection: a client that makes one opens the connections of that time at once. */
const bodies = [
  () => `[${"1,".repeat(megabyte / 2 - 2)}1]`,
  () => `${"[".repeat(megabyte / 2)}${"]".repeat(megabyte / 2)}`,
  () => `{${Array.from({ length: 60_000 }, (_, i) => `"k${i}":${i}`).join(",")}}`,
  () => `{"email":"${"a".repeat(megabyte - 20)}"}`,
  () => `"${"\\u0041".repeat(170_000)}"`,
].map((body) => body());

type Sort = (socket: Socket, i: number) => void;

const sorts: Readonly<Record<string, Sort>> = {
  nothing: () => undefined,
  "half a head": (socket) => void socket.write(`${post}host: test\r\nx: ${"a".repeat(14_000)}`),
  "many lines": (socket) => void socket.write(`${post}host: test\r\n${"x-a: abcdef\r\n".repeat(700)}`),
  "a head that trickles": (socket) => {
    socket.write(`${post}host: test\r\nx: `);
    trickles(socket, "a");
  },
  "a bad token, then nothing": (socket) =>
    void socket.write(`GET /v1/products HTTP/1.1\r\nhost: test\r\nauthorization: Bearer ${"a".repeat(15_000)}\r\n\r\n`),
  "half a body": (socket) => void socket.write(`${post}${head}content-length: 100000\r\n\r\n{`),
  "a body that trickles": (socket) => {
    socket.write(`${post}${head}content-length: 100000\r\n\r\n`);
    trickles(socket, " ");
  },
  "chunks of a byte": (socket) => void socket.write(`${post}${head}transfer-encoding: chunked\r\n\r\n${"1\r\n \r\n".repeat(20_000)}`),
  "no reading": (socket) => {
    socket.pause();
    socket.write("GET /openapi.json HTTP/1.1\r\nhost: test\r\n\r\n".repeat(500));
  },
  "half closed": (socket) => void socket.end("GET /nowhere HTTP/1.1\r\nhost: test\r\n\r\n"),
  "no HTTP": (socket) => void socket.write("\u0016\u0003\u0001 THIS IS NONE\r\n\r\n"),
  churn: (socket) => void socket.destroy(),
  "a fat body": (socket, i) => {
    const body = bodies[i % bodies.length] ?? "";
    socket.write(`${post}${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  },
};

// Strangers have machines of their own: what they compute must not take from what the shop has.
setPriority(19);

const kinds = Object.values(sorts);
const open = new Set<Socket>();
let opened = 0;
let fat = 0;

function trickles(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 500);
  socket.once("close", () => clearInterval(timer));
}

function another(i: number): void {
  const localAddress = `127.0.0.${first + (i % 10)}`;
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  open.add(socket);
  socket.on("error", () => undefined);
  socket.on("data", () => undefined);
  socket.once("close", () => open.delete(socket));
  socket.once("connect", () => {
    opened++;
    // As many bodies of a megabyte as the campaign says, among all the slow ones.
    const isFat = i % fatEvery === 0;
    const sort = isFat ? sorts["a fat body"] : kinds[i % (kinds.length - 1)];
    if (isFat) fat++;
    sort?.(socket, i / fatEvery);
  });
}

const since = performance.now();
for (let i = 0; i < connections; i++) {
  if (open.size >= atOnce) for (const oldest of [...open].slice(0, 50)) oldest.destroy();
  another(i);
  // Computed from the rate so far, so that a wait that was longer is made up for.
  const early = since + ((i + 1) / perSecond) * 1_000 - performance.now();
  if (early > 10) await pause(early);
}
process.send?.({ opened, fat });
process.disconnect?.();
setTimeout(() => process.exit(0), 2_000);
