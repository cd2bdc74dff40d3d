import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import type { UpstreamCounts } from "../../../examples/shop/relay/contract.ts";
import { startUpstream, type UpstreamServer } from "../../../examples/shop/upstream.ts";
import { openTestShop, type TestShop } from "./open-shop.ts";

const names = ["total", "success", "4xx", "429", "5xx", "timeouts", "otherFailures", "retries", "fetches"] as const;
/** Of an upstream that does what its script says, one step a request. */
const status = { script: [] as (number | "stalls" | "resets")[], server: undefined as Server | undefined };

async function serve(): Promise<{ readonly url: string }> {
  const server = createServer((request, response) => {
    const step = status.script.shift() ?? 500;
    if (step === "resets") return void request.socket.resetAndDestroy();
    if (step !== "stalls") response.writeHead(step, step === 429 ? { "retry-after": "60" } : {}).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  status.server = server;
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("the relay", () => {
  let shop: TestShop;
  const servers: Record<string, UpstreamServer> = {};
  before(async () => {
    servers.calm = await startUpstream({ medianMs: 0 });
    servers.broken = await startUpstream({ medianMs: 0, errors: 1 });
    servers.busy = await startUpstream({ medianMs: 0, busy: 1 });
    servers.stalling = await startUpstream({ medianMs: 0, stalls: 1 });
    servers.moody = await startUpstream({ medianMs: 1, slowMs: 5, stalls: 0.1, errors: 0.05, resets: 0.05 }, { seed: 7 });
    const { url: scripted } = await serve();
    const urls = { scripted, ...Object.fromEntries(Object.entries(servers).map(([name, { url }]) => [name, url])) };
    shop = await openTestShop({ places: { urls, allow: ["127.0.0.1"] } });
  });
  after(async () => {
    await shop?.[Symbol.asyncDispose]();
    for (const server of Object.values(servers)) await server.close();
    status.server?.closeAllConnections();
    status.server?.close();
  });
  /** As long as there may be, so that on a busy machine no attempt stalls but one that is to. */
  const fetched = (upstream: string, more: object = {}, name = "Ben") =>
    shop.ask("POST /v1/fetch", { token: shop.token(name), body: { upstream, path: "/a?b=c", timeoutMs: 2_000, ...more } });
  const statsOf = async (upstream: string): Promise<UpstreamCounts> => {
    const { body } = await shop.ask("GET /v1/fetch/stats", { token: shop.token("Ben") });
    return body.upstreams.find((one: UpstreamCounts) => one.upstream === upstream);
  };

  it("returns what the upstream replied", async () => {
    const { status, body } = await fetched("calm");
    assert.deepEqual([status, body], [200, { upstream: "calm", status: 200, attempts: 1, body: '{"url":"/a?b=c"}' }]);
  });

  it("tries at most three times, and says what failed", async () => {
    const { status, body } = await fetched("broken");
    assert.deepEqual([status, body.type.split(/[/:]/).at(-1), servers.broken!.requests], [503, "upstream_failed", 3]);
    const { total, retries, "5xx": failures, success } = await statsOf("broken");
    assert.deepEqual({ total, retries, failures, success }, { total: 3, retries: 2, failures: 3, success: 0 });
  });

  it("answers within its deadline where nothing comes", async () => {
    const { status } = await fetched("stalling", { timeoutMs: 200 }, "Cleo");
    assert.equal(status, 504);
    assert.ok((await statsOf("stalling")).timeouts >= 1);
  });

  it("passes on when to come back, as a 503: the quota is not that of its caller", async () => {
    const { status, headers } = await fetched("busy", {}, "Cleo");
    assert.equal(status, 503);
    assert.ok(Number(headers.get("retry-after")) >= 1);
    assert.ok((await statsOf("busy"))["429"] >= 1);
  });

  it("counts each attempt by its outcome: total, success, 4xx, 429, 5xx, timeouts and retries", async () => {
    // What the upstream does to one attempt after the other, and what is added to its counts.
    for (const [script, counted] of [
      [[200], { success: 1 }],
      [[204], { success: 1 }],
      [[404], { "4xx": 1 }],
      [[403], { "4xx": 1 }],
      [[500, 200], { "5xx": 1, success: 1 }],
      [[503, 502, 200], { "5xx": 2, success: 1 }],
      [["stalls", 200], { timeouts: 1, success: 1 }],
      [["resets", 200], { otherFailures: 1, success: 1 }],
      [[429], { "429": 1 }],
    ] as const) {
      const before = await statsOf("scripted");
      status.script = [...script];
      await fetched("scripted", {}, "Hana");
      const after = await statsOf("scripted");
      const added = Object.fromEntries(names.map((name) => [name, after[name] - (before?.[name] ?? 0)]));
      const expected = { total: script.length, retries: script.length - 1, fetches: 1, ...counted };
      assert.deepEqual(added, { ...Object.fromEntries(names.map((name) => [name, 0])), ...expected }, JSON.stringify(script));
      assert.equal(status.script.length, 0, "an attempt that was to be made was not");
    }
  });

  it("fetches from what is configured, and from below its base URL alone", async () => {
    assert.deepEqual([(await fetched("toString")).status, (await fetched("http://127.0.0.1")).status], [404, 404]);
    assert.equal((await fetched("calm", { path: "/../secret" })).status, 400);
    assert.equal((await fetched("calm", { path: "//evil.example" })).status, 400);
    assert.equal(servers.calm!.requests, 1);
  });

  it("limits each user to fifty a second, and takes nothing from another", async () => {
    const many = () => Promise.all(Array.from({ length: 100 }, () => fetched("calm", {}, "Hana").then(({ status }) => status)));
    const statuses = await many();
    // A machine that is too busy for fifty a second comes to more than that later.
    while (!statuses.includes(429)) statuses.push(...(await many()));
    // On a busy machine an admitted one may end at its deadline, or its attempts at theirs.
    assert.deepEqual(
      statuses.filter((status) => ![200, 429, 503, 504].includes(status)),
      [],
    );
    const admitted = statuses.filter((status) => status !== 429).length;
    assert.ok(admitted >= 10, `${admitted} admitted`);
    assert.equal((await fetched("calm", {}, "Gus")).status, 403);
    assert.notEqual((await fetched("calm", {}, "Cleo")).status, 429);
  });
});
