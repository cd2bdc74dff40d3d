// Uploads 1 GiB to a server and prints how much its memory grew, and what it took of a processor, for each way to read a file.
// Run it with: node --conditions=source test/campaigns/upload.ts [MiB] [each | loop | written]
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { request } from "node:http";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { action, createApp, module, type Upload, upload } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const mebibyte = 1_048_576;
const allowedMiB = 32;
const size = Number(process.argv[2] ?? 1_024);

const ways = ["each", "loop", "written"] as const;
type Way = (typeof ways)[number];

const reads: Readonly<Record<Way, (file: Upload) => Promise<void>>> = {
  each: (file) => file.each(() => undefined),
  async loop(file) {
    for await (const _ of file);
  },
  written: (file) => pipeline(file, createWriteStream("/dev/null")),
};

const count = (way: Way) =>
  action(`files.${way}`, {
    ...{ input: z.object({ body: upload({ bytesMax: 4_096 * mebibyte }) }), output: z.object({ bytes: z.int() }) },
    ...{ access: "public", idempotent: "natural", budget: "10m", http: { route: `PUT /v1/${way}`, body: "raw" } },
    run: async ({ body }) => {
      await reads[way](body);
      return { bytes: body.size };
    },
  });

async function serve(): Promise<void> {
  const app = createApp({
    modules: [module("files", { operations: ways.map(count) })],
    surfaces: [http({ port: 0, host: "127.0.0.1" })],
  });
  await app.start();
  let [begun, peak, cpu] = [0, 0, process.cpuUsage()];
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 5);
  process.on("message", (what) => {
    if (what === "begin") [begun, peak, cpu] = [process.memoryUsage.rss(), 0, process.cpuUsage()];
    const { user, system } = process.cpuUsage(cpu);
    process.send?.({ grown: peak - begun, seconds: (user + system) / 1e6 });
  });
  process.send?.({ url: app.urls.surfaces[0] });
}

/** Sends so many bytes no faster than they are taken. Returns how many the server says it has read. */
async function send(url: string, bytes: number): Promise<number> {
  const sent = request(url, { method: "PUT", headers: { "content-type": "application/octet-stream" } });
  const response = once(sent, "response");
  const piece = Buffer.alloc(Math.min(bytes, 262_144), 7);
  for (let left = bytes; left > 0; left -= piece.length) if (!sent.write(piece)) await once(sent, "drain");
  sent.end();
  const [incoming] = await response;
  let text = "";
  for await (const chunk of incoming) text += chunk;
  return JSON.parse(text).bytes;
}

async function measure(way: Way): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ["serve"], {
    execArgv: ["--conditions=source", "--max-semi-space-size=4", "--max-old-space-size=160"],
  });
  const ask = async (what: "begin" | "end") => {
    child.send(what);
    return (await once(child, "message"))[0] as { readonly grown: number; readonly seconds: number };
  };
  try {
    const [{ url }] = await once(child, "message");
    assert.equal(await send(`${url}/v1/${way}`, mebibyte), mebibyte);
    await ask("begin");
    assert.equal(await send(`${url}/v1/${way}`, size * mebibyte), size * mebibyte);
    const { grown: bytes, seconds } = await ask("end");
    const grown = bytes / mebibyte;
    console.log(
      `${way}: ${size} MiB: the memory of the server grew by ${grown.toFixed(1)} MiB, and may grow by ${allowedMiB}; it took ${seconds.toFixed(2)} s of a processor`,
    );
    assert.ok(grown <= allowedMiB, "the server keeps what it was sent");
  } finally {
    child.kill("SIGKILL");
  }
}

if (process.argv[2] === "serve") await serve();
else for (const way of ways) if (process.argv[3] === undefined || process.argv[3] === way) await measure(way);
