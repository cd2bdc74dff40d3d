import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { action, type Code, createApp, module } from "plimsoll";
import { http } from "plimsoll/http";
import type { Operation } from "plimsoll/ports";
import { type SurfaceCall, type SurfaceReply, type SurfaceSample, surfaceConformance } from "plimsoll/testing";
import { z } from "zod";
import { readLine, writeLine } from "./line-text.ts";
import { lines } from "./lines.ts";

const wordOf = ({ name }: Operation) => name.slice(name.indexOf(".") + 1).toUpperCase();

/** Sends one line, and reads one. */
async function exchange(url: string, line: string, signal?: AbortSignal): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  signal?.addEventListener("abort", () => socket.destroy());
  socket.write(`${line}\n`);
  const [reply] = await once(socket.setEncoding("utf8"), "data", { ...(signal && { signal }) });
  socket.end();
  return String(reply).trimEnd();
}

async function send(url: string, { operation, input, key, remainingMs, authorization, signal }: SurfaceCall): Promise<SurfaceReply> {
  const options = { key, within: remainingMs === undefined ? undefined : String(remainingMs), as: authorization };
  const text = await exchange(url, writeLine({ id: "7", word: wordOf(operation), options, fields: input }), signal);
  const [id, outcome, ...rest] = text.split(" ");
  assert.equal(id, "7");
  if (outcome === "fault") return { code: rest[0] as Code, type: rest[1], text };
  const fields = rest.filter((part) => part !== "again").join(" ");
  return { code: "ok", output: { ...readLine(`7 ${wordOf(operation)} ${fields}`)?.fields }, text };
}

const sample: SurfaceSample = {
  make: (operations) => lines(Object.fromEntries(operations.map((operation) => [wordOf(operation), operation]))),
  send: (app, call) => send(app.urls.surfaces[0]!, call),
  refused: () => ({ surface: lines({ "TWO WORDS": shout }), operations: [shout], where: "suite.shout" }),
};

const shout = action("suite.shout", {
  ...{ input: z.object({ text: z.string() }), output: z.object({ text: z.string() }), access: "public", idempotent: "no", budget: "1s" },
  http: "POST /shout",
  run: async ({ text }) => ({ text: text.toUpperCase() }),
});

describe("a toy surface", () => {
  for (const { name, run } of surfaceConformance(sample)) it(name, run);

  it("fails its conformance suite where it forgets the key", async () => {
    const careless: SurfaceSample = { ...sample, send: (app, { key: _, ...call }) => sample.send(app, call) };
    const failed: string[] = [];
    for (const { name, run } of surfaceConformance(careless)) await run().catch(() => failed.push(name));
    assert.deepEqual(
      failed.map((name) => name.split(" ")[0]),
      ["passes", "refuses", "replies", "replays"],
    );
  });
});

it("a toy surface serves beside HTTP, by a row of its own, in its own format", async () => {
  const app = createApp({
    modules: [module("suite", { operations: [shout] })],
    surfaces: [http({ port: false }), lines({ SHOUT: shout })],
  });
  await app.start({ keepsProcess: false });
  try {
    const [url = ""] = app.urls.surfaces;
    const executed = app.signals.executed.next();
    assert.equal(await exchange(url, "1 SHOUT .text=a%20b"), "1 ok .text=A%20B");
    const { surface, facts } = await executed;
    assert.deepEqual([surface, facts?.name, facts?.labels], ["lines", "lines", { word: "SHOUT" }]);
    assert.match(await exchange(url, "2 SHOUT .text:7"), /^2 fault invalid_argument invalid_input /);
    assert.match(await exchange(url, "3 WHISPER"), /^3 fault not_found word_unknown /);
    const request = new Request("http://test/shout", {
      method: "POST",
      body: '{"text":"c"}',
      headers: { "content-type": "application/json" },
    });
    assert.deepEqual(await (await app.fetch(request)).json(), { text: "C" });
  } finally {
    await app.stop();
  }
});
