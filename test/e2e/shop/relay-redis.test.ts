// The rates of the relay where several processes of the shop count in one Redis.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { startUpstream, type UpstreamServer } from "../../../examples/shop/upstream.ts";
import { jwtIssuer } from "../../../src/auth/index.ts";
import { redisSkip, redisUrl } from "../../redis/server.ts";
import { openTestShop, type TestShop, testSpec } from "./open-shop.ts";

interface Limit {
  readonly name: string;
  readonly refused: Readonly<Record<string, number>>;
}

describe("the relay of two shops on one Redis", { skip: redisSkip }, () => {
  const shops: TestShop[] = [];
  let upstream: UpstreamServer;
  before(async () => {
    upstream = await startUpstream({ medianMs: 0 });
    const prefix = `test:${randomUUID()}`;
    for (let i = 0; i < 2; i++)
      shops.push(
        await openTestShop({
          places: { urls: { calm: upstream.url }, allow: ["127.0.0.1"] },
          redis: { url: redisUrl, prefix },
        }),
      );
  });
  after(async () => {
    for (const shop of shops) await shop[Symbol.asyncDispose]();
    await upstream?.close();
  });

  it("gives one user fifty fetches a second in both together, and not in each", async () => {
    // Each shop has users of its own: this one is signed in to both.
    const issuer = jwtIssuer({ key: { algorithm: "HS256", secret: testSpec.secret }, issuer: "shop", audience: "shop", ttl: "1h" });
    const { token } = await issuer.sign({ subject: randomUUID(), tenant: "acme", roles: ["customer"] });
    const startedAt = performance.now();
    const seconds = () => (performance.now() - startedAt) / 1_000;
    let admitted = 0;
    // Far above the rate in each shop, so that each alone would admit all of it; and until each has refused something, which a busy machine comes to later.
    const flood = async (shop: TestShop) => {
      for (let refused = 0; refused === 0 || seconds() < 2; ) {
        const ask = () => shop.ask("POST /v1/fetch", { token, body: { upstream: "calm", path: "/" } });
        const statuses = await Promise.all(Array.from({ length: 40 }, async () => (await ask()).status));
        // What was admitted may fail where the machine is busy.
        const some = statuses.filter((status) => status !== 429).length;
        admitted += some;
        refused += statuses.length - some;
      }
    };
    await Promise.all(shops.map(flood));
    // The rate, its depth, and 500 ms of it that may be leased.
    const most = 50 * seconds() + 12 + 25;
    assert.ok(admitted <= most, `${admitted} admitted in ${seconds()} s, and ${most} may be`);
    // How much of it there is depends on how fast a busy machine can offer it.
    assert.ok(admitted >= 25, `only ${admitted} admitted in ${seconds()} s`);
  });

  it("says in /loadlines of both what it refused", async () => {
    for (const { opsUrls } of shops) {
      const pages = opsUrls.map(async (url) => (await (await fetch(`${url}/loadlines`)).json()) as { readonly limits: readonly Limit[] });
      const line = (await Promise.all(pages)).flatMap(({ limits }) => limits).find(({ name }) => name === "relay.fetch rate per actor");
      assert.ok(
        Object.values(line!.refused).some((count) => count > 0),
        JSON.stringify(line),
      );
    }
  });
});
