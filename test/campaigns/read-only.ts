import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { serverVariable } from "./chosen-server.ts";
import type { OwnServer } from "./own-server.ts";

/** What a shop answered while its server took no writes, and after. */
export interface ReadOnlyReport {
  readonly writes: number;
  readonly reads: number;
}

/**
 * Makes a server read-only under a shop that runs, as a failover does, for as long as `during` says; then writable again.
 * Asserts that meanwhile every write is answered with 503 and a time to come back, every read with 200, and afterwards everything again.
 */
export async function throughReadOnly(server: OwnServer, during: (asked: number) => boolean): Promise<ReadOnlyReport> {
  process.env[serverVariable] = server.adminUrl;
  const { openTestShop } = await import("../e2e/shop/open-shop.ts");
  const shop = await openTestShop();
  const [ada, ben] = [shop.token("Ada"), shop.token("Ben")];
  const make = () => shop.ask("POST /v1/products", { token: ada, body: { name: "Kite", priceCents: 250, stock: 100 } });
  const place = (productId: string) =>
    shop.ask("POST /v1/orders", {
      token: ben,
      body: { lines: [{ productId, quantity: 1 }] },
      headers: { "idempotency-key": randomUUID() },
    });
  try {
    const { id } = (await make()).body;
    assert.equal((await place(id)).status, 201);
    await server.set({ default_transaction_read_only: "on" });
    let [writes, reads] = [0, 0];
    for (let asked = 0; during(asked); asked++) {
      const answers = await Promise.all([place(id), make(), place(id), shop.ask(`GET /v1/products/${id}`, { token: ben })]);
      const read = answers.pop();
      for (const { status, headers, body } of answers) {
        assert.deepEqual([status, body.code], [503, "unavailable"], JSON.stringify(body));
        assert.ok(Number(headers.get("retry-after")) > 0);
      }
      assert.equal(read?.status, 200, JSON.stringify(read?.body));
      writes += answers.length;
      reads++;
    }
    await server.set({});
    for (let i = 0; i < 20; i++) assert.equal((await place(id)).status, 201, "the first that is asked after it succeeds");
    const { body } = await shop.ask(`GET /v1/products/${id}`, { token: ben });
    assert.equal(body.stock, 100 - 21, "nothing of what was refused was done");
    return { writes, reads };
  } finally {
    await server.set({});
    await shop[Symbol.asyncDispose]();
    delete process.env[serverVariable];
  }
}
