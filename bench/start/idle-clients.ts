// Opens connections, asks once on each, and holds them all: prints `open` when every one was answered, and goes when its input is closed.
import { connect } from "node:net";

const { port, path, connections } = JSON.parse(process.argv[2]!) as { port: number; path: string; connections: number };
/** So many at a time wait for their first response: more is an overload for a process that handles one after the other, and refused as such. */
const atOnce = 50;
const sources = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"];
let [opened, closed] = [0, 0];

process.stdin.resume().on("close", () => process.exit(0));
await Promise.all(Array.from({ length: atOnce }, openMany));
if (closed > 0) fail(`${closed} of ${connections} idle connections were closed by the server`);
console.log("open");

async function openMany(): Promise<void> {
  while (opened < connections) await open(opened++);
}

function open(index: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress: sources[index % sources.length]! });
    socket.once("connect", () => socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`));
    socket.once("data", (chunk: Buffer) => {
      if (chunk.toString("latin1", 9, 12) !== "200") fail(`an idle connection was answered with ${chunk.toString("latin1", 0, 80)}`);
      resolve();
    });
    socket.once("error", (error) => fail(`an idle connection failed: ${error.message}`));
    socket.once("close", () => {
      closed++;
      resolve();
    });
  });
}

function fail(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
