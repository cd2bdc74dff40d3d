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
import { openTestShop, type TestShop, testSpec } from "./open-shop.ts";

describe("two processes of the shop with one Redis", { skip: redisSkip }, () => {
  const prefix = `test:${randomUUID()}`;
  let shop: TestShop;
  let other: App;
  before(async () => {
    const shared = sharedIn(redisUrl, prefix);
    shop = await openTestShop({ shared });
    const { database, mailDirectory } = shop;
    other = createShop({ ...testSpec, ...shared, database: postgres({ url: database.url }), mailDirectory });
    await other.start();
  });
  after(async () => {
    await other?.stop();
    await shop?.[Symbol.asyncDispose]();
  });

  /** Resolves when Redis has the list and the product: no request waits for that. */
  async function kept(): Promise<void> {
    const client = createClient({ url: redisUrl });
    await client.connect();
    try {
      while ((await client.keys(`${prefix}:*:value:*`)).length < 2) await pause(5);
    } finally {
      client.destroy();
    }
  }

  it("load a product once for both, and show a change of it in both", async () => {
    const token = shop.token("Ben");
    const [product] = (await shop.ask("GET /v1/products?limit=1", { token })).body.items;
    const read = async () => {
      const response = await fetch(`${other.urls.surfaces[0]}/v1/products/${product.id}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return (await response.json()) as { readonly name: string };
    };
    await shop.ask(`GET /v1/products/${product.id}`, { token });
    const uses: (string | undefined)[] = [];
    other.signals.executed.on(({ operation, cache }) => {
      if (operation === "catalog.get-product") uses.push(cache);
    });
    await kept();
    assert.equal((await read()).name, product.name);
    assert.ok(uses.includes("stored"), `${uses}`);
    const { status } = await shop.ask(`PATCH /v1/products/${product.id}`, {
      ...{ token: shop.token("Ada"), body: { name: "Renamed" } },
      headers: { "if-match": `"${product.version}"` },
    });
    assert.equal(status, 200);
    const since = performance.now();
    while ((await read()).name !== "Renamed") assert.ok(performance.now() < since + 5_000, "the other process shows the change");
  });
});
