// Uploads 1 GiB to a server and prints how much its memory grew. Run it with: node --conditions=source test/campaigns/upload.ts [MiB]
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { action, createApp, module, upload } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const mebibyte = 1_048_576;
const allowedMiB = 32;
const size = Number(process.argv[2] ?? 1_024);

const count = action("files.count", {
  ...{ input: z.object({ body: upload({ bytesMax: 4_096 * mebibyte }) }), output: z.object({ bytes: z.int() }) },
  ...{ access: "public", idempotent: "natural", budget: "10m", http: { route: "PUT /v1/files", body: "raw" } },
  run: async ({ body }) => {
    await body.each(() => undefined);
    return { bytes: body.size };
  },
});

async function serve(): Promise<void> {
  const app = createApp({ modules: [module("files", { operations: [count] })], surfaces: [http({ port: 0, host: "127.0.0.1" })] });
  await app.start();
  let [begun, peak] = [0, 0];
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 5);
  process.on("message", (what) => {
    if (what === "begin") [begun, peak] = [process.memoryUsage.rss(), 0];
    process.send?.({ grown: peak - begun });
  });
  process.send?.({ url: app.urls.surfaces[0] });
}

/** Sends so many bytes no faster than they are taken. Returns how many the server says it has read. */
async function send(url: string, bytes: number): Promise<number> {
  const sent = request(`${url}/v1/files`, { method: "PUT", headers: { "content-type": "application/octet-stream" } });
  const response = once(sent, "response");
  const piece = Buffer.alloc(Math.min(bytes, 262_144), 7);
  for (let left = bytes; left > 0; left -= piece.length) if (!sent.write(piece)) await once(sent, "drain");
  sent.end();
  const [incoming] = await response;
  let text = "";
  for await (const chunk of incoming) text += chunk;
  return JSON.parse(text).bytes;
}

async function measure(): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ["serve"], {
    execArgv: ["--conditions=source", "--max-semi-space-size=4", "--max-old-space-size=160"],
  });
  const ask = async (what: "begin" | "end") => {
    child.send(what);
    return (await once(child, "message"))[0] as { readonly grown: number };
  };
  try {
    const [{ url }] = await once(child, "message");
    assert.equal(await send(url, mebibyte), mebibyte);
    await ask("begin");
    const since = performance.now();
    assert.equal(await send(url, size * mebibyte), size * mebibyte);
    const seconds = (performance.now() - since) / 1_000;
    const grown = (await ask("end")).grown / mebibyte;
    console.log(
      `${size} MiB in ${seconds.toFixed(1)} s: the memory of the server grew by ${grown.toFixed(1)} MiB, and may grow by ${allowedMiB}`,
    );
    assert.ok(grown <= allowedMiB, "the server keeps what it was sent");
  } finally {
    child.kill("SIGKILL");
  }
}

await (process.argv[2] === "serve" ? serve() : measure());
