// Three callees in two zones, over real connections: the caller learns the zones from their replies.
import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { it } from "node:test";
import { action, createApp, module } from "plimsoll";
import { grpc } from "plimsoll/grpc";
import { internalCalls } from "plimsoll/remote";
import { z } from "zod";
import { keys, startCaller } from "./two-apps.ts";

const empty = z.object({});

function counting(place: string, counts: Map<string, number>) {
  const count = action("place.count", {
    ...{ input: empty, output: empty, access: "public", idempotent: "natural", budget: "5s" },
    run: async () => {
      counts.set(place, (counts.get(place) ?? 0) + 1);
      return {};
    },
  });
  return { count, places: module("place", { operations: [count] }) };
}

it("calls stay with the two callees of the zone, go to the third when those have stopped, and learn where others are", async (test) => {
  // All callees share the event loop of the test, which their calls fill: by it each would be overloaded.
  test.mock.method(performance, "eventLoopUtilization", () => ({ idle: 1, active: 0, utilization: 0 }));
  const counts = new Map<string, number>();
  const start = async (place: string, zone: string, port = 0) => {
    const surfaces = [grpc({ port, host: "127.0.0.1", lock: false, internal: true, zone })];
    const modules = [counting(place, counts).places];
    const app = createApp({ modules, surfaces, authentication: internalCalls({ keys }), rateLimit: { perSecond: 0 } });
    await app.start({ keepsProcess: false });
    test.after(() => app.stop());
    return Object.assign(app, { url: app.urls.surfaces[0]! });
  };
  const [a, b, c] = await Promise.all([start("a", "here"), start("b", "here"), start("c", "there")]);
  const { count, places } = counting("caller", counts);
  const caller = await startCaller({ module: places, url: [a.url, b.url, c.url], zone: "here" });
  test.after(() => caller.stop());
  const call = async (times: number) => {
    counts.clear();
    for (let n = 0; n < times; n++) await caller.call(count, {});
    return Object.fromEntries(counts);
  };

  const learning = await call(40);
  assert((learning.c ?? 0) <= 1, JSON.stringify(learning));
  assert.deepEqual(Object.keys(await call(40)).toSorted(), ["a", "b"]);

  await Promise.all([a.stop(), b.stop()]);
  assert.deepEqual(await call(5), { c: 5 });

  // Other processes at these addresses: what was in the other zone is in this one now.
  await c.stop();
  const portOf = ({ url }: typeof a) => Number(new URL(url).port);
  await Promise.all([start("d", "here", portOf(a)), start("e", "here", portOf(c))]);
  // Calls try what has no connection, until a pause after the last failure has passed.
  const called = new Set<string>();
  for (let n = 0; n < 200 && called.size < 2; n++) for (const place of Object.keys(await call(40))) called.add(place);
  assert.deepEqual([...called].toSorted(), ["d", "e"]);
  assert.equal(counts.has("caller"), false);
});

for (const [why, options] of [
  ["whose name no trailer carries", { internal: true, zone: "Zürich 1" }],
  ["that no caller reads", { zone: "eu-1a" }],
] as const)
  it(`an app with a zone ${why} does not start`, () => {
    const surfaces = [grpc({ port: 0, lock: false, ...options })];
    const modules = [counting("x", new Map()).places];
    assert.throws(() => createApp({ modules, surfaces, rateLimit: { perSecond: 0 } }), { type: "app_invalid", message: /grpc: zone: / });
  });
