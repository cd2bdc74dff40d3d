import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { action, createApp, module, rateLimit } from "plimsoll";
import { z } from "zod";
import { systemClock } from "../../../src/core/clock.ts";
import { postgresLeases, postgresRates } from "../../../src/postgres/rates/store.ts";
import type { LeaseStoreSource } from "../../../src/resilience/leases/lease-store.ts";
import { leasedRates } from "../../../src/resilience/leases/leased-rates.ts";
import { leaseStoreConformance } from "../../../src/testing/conformance/lease-store.ts";
import { rateStoreConformance } from "../../../src/testing/conformance/rate-store.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";
import { testServers } from "../servers.ts";

const limited = action("t.limited", {
  input: z.object({}),
  output: z.object({}),
  access: "public",
  idempotent: "no",
  budget: { deadline: "5s", rate: rateLimit({ per: "all", limit: 3, period: "1m" }) },
  run: async () => ({}),
});

describe("rates in PostgreSQL", { concurrency: true }, async () => {
  const servers = await testServers();
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [], server: servers[0]! });
  });
  after(async () => {
    await database.drop();
    for (const server of servers) await server.stop();
  });
  const sample = { clock: systemClock, pass: (ms: number) => pause(ms + 5) };
  /** Each case has an app of its own in the table that all share. */
  const create = (): LeaseStoreSource => {
    const app = randomUUID();
    return { name: "postgres", open: (host) => postgresLeases(database.url).open({ ...host, app }) };
  };
  for (const { name, run } of leaseStoreConformance({ ...sample, create })) it(name, run);
  for (const { name, run } of rateStoreConformance({ ...sample, create: () => leasedRates(create()) }))
    it(`as a store of rates, ${name}`, run);

  it("are those of all processes of an app", async () => {
    const modules = [module("t", { operations: [limited] })];
    const apps = [0, 1].map(() =>
      createApp({ modules, rateLimit: { perSecond: 0, store: postgresRates({ url: database.url }), answerWithin: "5s" } }),
    );
    for (const app of apps) await app.start();
    try {
      for (const app of [...apps, apps[0]!]) await app.call(limited, {});
      for (const app of apps) await assert.rejects(app.call(limited, {}), { type: "rate_limited" });
    } finally {
      for (const app of apps) await app.stop();
    }
  });

  it("expire", async () => {
    const store = postgresLeases(database.url).open({ app: "expires", clock: systemClock, answerWithinMs: 50, report: () => undefined });
    await store.service?.start();
    try {
      await store.take({ name: "r", ratePerSecond: 100, burst: 1 }, "k");
      const place = createHash("sha256").update("expires\0r\0k").digest("base64url");
      const old = await database.admin("update plimsoll.rates set expires_at = 0 where place = $1 returning members", [place]);
      assert.deepEqual(old, [{ members: {} }]);
      await database.admin("select plimsoll.expire_rates()");
      assert.deepEqual(await database.admin("select from plimsoll.rates where place = $1", [place]), []);
    } finally {
      await store.service?.stop();
    }
  });
});

// Alone: the others must be answered within 50 ms.
describe("leases in PostgreSQL", () => {
  it("lock their rows in one order, whatever the order of the keys that they are asked for", async () => {
    const [server, ...others] = await testServers();
    for (const other of others) await other.stop();
    const database = await testDatabase({ modules: [], server: server! });
    const host = { app: randomUUID(), clock: systemClock, answerWithinMs: 50, report: () => undefined };
    const stores = [0, 1].map(() => postgresLeases(database.url).open(host));
    for (const store of stores) await store.service?.start();
    try {
      const rate = { name: "r", ratePerSecond: 1_000, burst: 1_000 };
      const asks = Array.from({ length: 60 }, (_, n) => ({ rate, key: `k${n}`, want: 1, demand: 1, held: true }));
      // In two orders they would wait for each other in a circle, and the server would end one of them.
      for (let round = 0; round < 20; round++)
        await Promise.all(stores.map((store, n) => store.exchange(`m${n}`, n === 0 ? asks : asks.toReversed())));
    } finally {
      for (const store of stores) await store.service?.stop();
      await database.drop();
      await server?.stop();
    }
  });
});
