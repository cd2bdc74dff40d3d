// What slow clients cost the others: node --conditions=source test/campaigns/slow-clients.ts [clients] [seconds]
// Half of them send a byte a second of a request, half read a byte a second of a long response; who is cut off connects again. Prints the p50 and p99 of
// normal requests, in turns without and with them; the exit code is 0 where the p99 with them is at most 1.2 times the other.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { action, createApp, module } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const allowed = 1.2;
const perSecond = 200;
const rounds = 4;
/** What clients cost when they come or go is no part of it. */
const settleMs = 2_000;
const [first = "1000", second = "20", third = ""] = process.argv.slice(2);

const text = "x".repeat(400_000);
const common = { access: "public", idempotent: "natural", budget: "5s" } as const;
const greet = action("slow.greet", {
  ...{ ...common, input: z.object({ name: z.string() }), output: z.object({ text: z.string() }), http: "POST /v1/greetings" },
  run: async ({ name }) => ({ text: `Hello, ${name}!` }),
});
const long = action("slow.long", {
  ...{ ...common, input: z.object({}), output: z.object({ text: z.string() }), http: "POST /v1/long" },
  run: async () => ({ text }),
});

async function serve(): Promise<void> {
  const app = createApp({
    modules: [module("slow", { operations: [greet, long] })],
    surfaces: [http({ port: 0, host: "127.0.0.1" })],
    rateLimit: { perSecond: 0 },
  });
  await app.start();
  process.send?.(app.urls.surfaces[0]);
}

/** Keeps so many slow clients open. Its parent hears when each has begun to send, or to read its response. */
function crawl(port: number, clients: number): void {
  let begun = 0;
  const open = (n: number) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.0.${2 + (n % 40)}`, highWaterMark: 1 } as never);
    const isReader = n % 2 === 0;
    const unsent = [..."POST /v1/greetings HTTP/1.1\r\nhost: slow\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"];
    socket.once("connect", () => {
      if (isReader) socket.write("POST /v1/long HTTP/1.1\r\nhost: slow\r\n\r\n");
    });
    socket.once(isReader ? "readable" : "connect", () => {
      if (++begun === clients) process.send?.("begun");
    });
    const timer = setInterval(() => (isReader ? socket.read(1) : socket.write(unsent.shift() ?? " ")), 1_000);
    // Reading by hand: nothing flows.
    socket.on("readable", () => undefined);
    socket.on("error", () => undefined);
    socket.once("close", () => {
      clearInterval(timer);
      setTimeout(open, 200, n);
    });
  };
  for (let n = 0; n < clients; n++) setTimeout(open, 4 * n, n);
}

/** Sends requests at a steady rate, whatever the others take. Resolves to what each waited. *Units*: milliseconds. */
async function load(url: string, seconds: number): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const waits: Promise<number>[] = [];
  const begun = performance.now();
  for (let i = 0; i < seconds * perSecond; i++) {
    const due = begun + (i * 1_000) / perSecond;
    await pause(Math.max(0, due - performance.now()));
    waits.push(ask(url, agent).then(() => performance.now() - due));
  }
  const all = await Promise.all(waits);
  agent.destroy();
  return all;
}

function ask(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/greetings`, { method: "POST", agent, headers: { "content-type": "application/json" } }, (response) => {
      response
        .resume()
        .once("end", () => (response.statusCode === 200 ? resolve() : reject(new TypeError(`status ${response.statusCode}`))));
    });
    sent.once("error", reject);
    sent.end('{"name":"Ada"}');
  });
}

function child(...args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(import.meta.url), args, { execArgv: ["--conditions=source"] });
}

function say(what: string, waits: number[]): number {
  waits.sort((a, b) => a - b);
  const at = (share: number) => waits[Math.floor((waits.length - 1) * share)]!;
  console.log(`${what}: ${waits.length} requests, p50 ${at(0.5).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms`);
  return at(0.99);
}

async function measure(clients: number, seconds: number): Promise<void> {
  const server = child("serve");
  const [url] = (await once(server, "message")) as [string];
  let slow: ChildProcess | undefined;
  try {
    await load(url, 3);
    const [without, having]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      without.push(...(await load(url, seconds / rounds)));
      slow = child("crawl", new URL(url).port, String(clients));
      await once(slow, "message");
      await pause(settleMs);
      having.push(...(await load(url, seconds / rounds)));
      slow.kill("SIGKILL");
      await once(slow, "exit");
      // The server closes what they leave behind.
      await pause(settleMs);
    }
    const ratio = say(`with ${clients} slow clients`, having) / say("without", without);
    console.log(`p99 with them is ${ratio.toFixed(2)} times that without, and may be ${allowed}`);
    process.exitCode = ratio <= allowed ? 0 : 1;
  } finally {
    slow?.kill("SIGKILL");
    server.kill("SIGKILL");
  }
}

if (first === "serve") await serve();
else if (first === "crawl") crawl(Number(second), Number(third));
else await measure(Number(first), Number(second));
