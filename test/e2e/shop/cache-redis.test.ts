// The values of cached queries where several processes of the shop keep them in one Redis.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "redis";
import { sharedIn } from "../../../examples/shop/shared.ts";
import { createShop } from "../../../examples/shop/shop.ts";
import type { App } from "../../../src/app/app.ts";
import { postgres } from "../../../src/postgres/database.ts";
import { redisSkip, redisUrl } from "../../redis/server.ts";
import { openInProcess, type TestShop, testSpec } from "./open-shop.ts";

describe("two processes of the shop with one Redis", { skip: redisSkip }, () => {
  const prefix = `test:${randomUUID()}`;
  let shop: TestShop;
  let other: App;
  before(async () => {
    const shared = sharedIn(redisUrl, prefix);
    shop = await openInProcess({ redis: { url: redisUrl, prefix } });
    const { database, mailDirectory } = shop;
    other = createShop({ ...testSpec, ...shared, database: postgres({ url: database.url }), mailDirectory });
    await other.start();
  });
  after(async () => {
    await other?.stop();
    await shop?.[Symbol.asyncDispose]();
  });

  /** Whether Redis gets another value soon. It gets none where it was too slow for a request: no request waits for that. */
  async function isKept(load: () => Promise<unknown>): Promise<boolean> {
    const client = createClient({ url: redisUrl });
    await client.connect();
    const count = async () => (await client.keys(`${prefix}:*:value:*`)).length;
    try {
      const earlier = await count();
      await load();
      for (let looks = 0; looks < 200; looks++) {
        if ((await count()) > earlier) return true;
        await pause(5);
      }
      return false;
    } finally {
      client.destroy();
    }
  }

  it("load a product once for both, and show a change of it in both", async () => {
    const token = shop.token("Ben");
    let items: { readonly id: string; readonly name: string; readonly version: number }[] = [];
    await isKept(async () => {
      items = (await shop.ask("GET /v1/products?limit=20", { token })).body.items;
    });
    const next = () => items.pop() ?? assert.fail("Redis kept no product");
    let product = next();
    while (!(await isKept(() => shop.ask(`GET /v1/products/${product.id}`, { token })))) product = next();
    const read = async () => {
      const response = await fetch(`${other.urls.surfaces[0]}/v1/products/${product.id}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return (await response.json()) as { readonly name: string };
    };
    const uses: (string | undefined)[] = [];
    other.signals.executed.on(({ operation, cache }) => {
      if (operation === "catalog.get-product") uses.push(cache);
    });
    assert.equal((await read()).name, product.name);
    assert.ok(uses.includes("stored"), `${uses}`);
    const { status } = await shop.ask(`PATCH /v1/products/${product.id}`, {
      ...{ token: shop.token("Ada"), body: { name: "Renamed" } },
      headers: { "if-match": `"${product.version}"` },
    });
    assert.equal(status, 200);
    // Without the message it would be shown once the value is 30 s old.
    const since = performance.now();
    while ((await read()).name !== "Renamed") assert.ok(performance.now() < since + 20_000, "the other process shows the change");
  });
});
