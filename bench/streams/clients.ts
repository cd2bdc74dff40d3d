// Opens event streams, checks the number of every message, and says what it saw to the process that forked it.
import { connect } from "node:net";

const { port, streams } = JSON.parse(process.argv[2] ?? "") as { port: number; streams: number };
/** So many at a time wait to be accepted: more would overflow the server's backlog. */
const atOnce = 100;
/** Of one address the server takes 100 streams, unless an app says otherwise. */
const perAddress = 100;
const retryMs = 1_000;

let [opened, received, wrong, closed, refused] = [0, 0, 0, 0, 0];

await Promise.all(Array.from({ length: atOnce }, openMany));
process.on("message", (asked) => {
  if (asked === "count") process.send?.({ received, wrong, closed, refused });
});
process.on("disconnect", () => process.exit(0));
process.send?.("open");

async function openMany(): Promise<void> {
  while (opened < streams) await open(opened++);
}

function open(index: number): Promise<void> {
  return new Promise((resolve) => {
    const at = Math.floor(index / perAddress);
    const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.${1 + Math.floor(at / 200)}.${1 + (at % 200)}` });
    let rest = "";
    let next = -1;
    // A server that has much to do refuses for now, and says so.
    const again = () => {
      refused++;
      socket.removeAllListeners("close").destroy();
      setTimeout(() => void open(index).then(resolve), retryMs);
    };
    socket.once("connect", () => socket.write("GET /watch HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\n\r\n"));
    socket.on("data", (bytes: Buffer) => {
      rest += bytes.toString("latin1");
      if (next < 0) {
        const end = rest.indexOf("\r\n\r\n");
        if (end < 0) return;
        if (rest.startsWith("HTTP/1.1 503 ")) return again();
        if (!rest.startsWith("HTTP/1.1 200 ")) return fail(`a stream was refused: ${rest.slice(0, 400)}`);
        [rest, next] = [rest.slice(end + 4), 0];
        resolve();
      }
      for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
        const seq = /"seq":(\d+)/.exec(rest.slice(0, end))?.[1];
        // What is no message is a sign of life.
        if (seq !== undefined) {
          received++;
          if (Number(seq) !== next++) wrong++;
        }
        rest = rest.slice(end + 2);
      }
    });
    socket.once("error", (error) => fail(`a stream failed: ${error.message}`));
    socket.once("close", () => {
      closed++;
    });
  });
}

function fail(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
