// A closed-loop load generator for machines without wrk: keep-alive sockets, one request at a time on each, its answer read no further than needed.
import { connect, type Socket } from "node:net";
import { build } from "hdr-histogram-js";
import type { Load, LoadOutcome } from "./load.ts";

const { url, body, headers, connections, seconds } = JSON.parse(process.argv[2]!) as Load;
const { hostname, port, pathname, host } = new URL(url);
const lines = Object.entries({ host, ...headers, "content-length": String(Buffer.byteLength(body)) }).map(
  ([name, value]) => `${name}: ${value}\r\n`,
);
const request = Buffer.from(`POST ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });
let [requests, failed] = [0, 0];
const startedAt = performance.now();
const endsAt = startedAt + seconds * 1_000;

await Promise.all(Array.from({ length: connections }, drive));
const outcome: LoadOutcome = {
  requests,
  seconds: (performance.now() - startedAt) / 1_000,
  p50Ms: histogram.getValueAtPercentile(50) / 1_000,
  p99Ms: histogram.getValueAtPercentile(99) / 1_000,
  failed,
};
process.stdout.write(JSON.stringify(outcome));

/** One connection, until the time is up. */
function drive(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let [received, sentAt] = ["", 0];
    const send = () => {
      sentAt = performance.now();
      socket.write(request);
    };
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("connect", send);
    socket.on("data", (chunk: unknown) => {
      received += chunk as string;
      if (!isWhole(received)) return;
      const now = performance.now();
      histogram.recordValue(Math.max(1, Math.round((now - sentAt) * 1_000)));
      requests++;
      if (received[9] !== "2") failed++;
      received = "";
      if (now < endsAt) send();
      else end(socket, resolve);
    });
    socket.on("error", () => {
      failed++;
      end(socket, resolve);
    });
  });
}

function end(socket: Socket, resolve: () => void): void {
  socket.destroy();
  resolve();
}

/** Whether a whole answer is there; by its length, or by the last chunk. */
function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
  return length === undefined ? text.endsWith("0\r\n\r\n") : text.length >= head + 4 + Number(length);
}
