import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "redis";
import { systemClock } from "../../src/core/clock.ts";
import { redisLeases, redisRates } from "../../src/redis/rates.ts";
import { leaseStoreConformance } from "../../src/testing/conformance/lease-store.ts";
import { rateStoreConformance } from "../../src/testing/conformance/rate-store.ts";
import { redisSkip, redisUrl } from "./server.ts";

const [url, skip] = [redisUrl, redisSkip];
const sample = { clock: systemClock, pass: (ms: number) => pause(ms + 5) };

it("the package redis is loaded by an app that counts in it, and by no other", () => {
  const program = `
    import { registerHooks } from "node:module";
    const asked = new Set();
    registerHooks({ resolve: (specifier, context, next) => (asked.add(specifier), next(specifier, context)) });
    const { createApp } = await import("plimsoll");
    const { redisRates } = await import("plimsoll/redis");
    const loaded = [];
    for (const rateLimit of [{ perSecond: 1 }, { perSecond: 1, store: redisRates({ url: "redis://127.0.0.1:1" }) }]) {
      const app = createApp({ modules: [], surfaces: [], rateLimit });
      await app.start();
      loaded.push(asked.has("redis"));
      await app.stop();
    }
    console.log(loaded.join());`;
  const args = ["--conditions=source", "--input-type=module", "--eval", program];
  const cwd = new URL("../..", import.meta.url);
  assert.equal(execFileSync(process.execPath, args, { encoding: "utf8", cwd }), "false,true\n");
});

describe("leases in Redis", { skip }, () => {
  const create = () => redisLeases({ url, prefix: `test:${randomUUID()}` });
  for (const { name, run } of leaseStoreConformance({ ...sample, create })) it(name, run);
});

describe("rates in Redis", { skip, concurrency: true }, () => {
  const create = () => redisRates({ url, prefix: `test:${randomUUID()}` });
  for (const { name, run } of rateStoreConformance({ ...sample, create })) it(name, run);

  it("leaves no key that does not expire", async () => {
    const prefix = `test:${randomUUID()}`;
    const client = createClient({ url });
    await client.connect();
    const store = redisLeases({ url, prefix }).open({ app: "a", clock: systemClock, answerWithinMs: 50, report: () => undefined });
    await store.service?.start();
    try {
      const rate = { name: "r", ratePerSecond: 10, burst: 10 };
      await store.take(rate, "taken");
      await store.refund(rate, "taken");
      await store.exchange("a", [{ rate, key: "leased", want: 1, demand: 5, held: false }]);
      const keys = await client.keys(`${prefix}*`);
      assert.equal(keys.length, 2);
      for (const key of keys) {
        const left = await client.pTTL(key);
        assert.ok(left > 0 && left <= 2_600, `${left} ms`);
      }
    } finally {
      await store.service?.stop();
      client.destroy();
    }
  });

  it("starts without its server, and asks it once it is there", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const store = redisLeases({ url: `redis://127.0.0.1:${port}` }).open({
      ...{ app: "a", clock: systemClock, answerWithinMs: 50 },
      report: () => undefined,
    });
    await store.service?.start();
    await assert.rejects(store.exchange("a", []), /no connection to Redis/);
    await store.service?.stop();
  });
});
