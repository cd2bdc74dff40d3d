// One read by hand. Nobody else could know that it is the only statement: the commit goes with it, in the one flight that there is.
import assert from "node:assert/strict";
import { flight, HandPool } from "../database/hand-pool.ts";
import { type Product, productId } from "../database/work.ts";
import type { Contender } from "../harness/contender.ts";

const pool = new HandPool();

async function readProduct(id: string): Promise<Product | undefined> {
  const startedAt = performance.now();
  const client = await pool.take();
  try {
    const answers = await flight(client, [
      "begin read only",
      pool.settings(startedAt),
      { name: "product", text: "select id, name, price_cents, stock from bench_hand.products where id = $1", values: [id] },
      "commit",
    ]);
    const row = answers[2]!.rows[0] as { id: string; name: string; price_cents: number; stock: number } | undefined;
    return row && { id: row.id, name: row.name, priceCents: row.price_cents, stock: row.stock };
  } finally {
    pool.release(client);
  }
}

export const contender: Contender = {
  name: "raw",
  setup: ({ url, connections }) => pool.open(url, connections),
  async once(i) {
    const id = productId(i);
    const product = await readProduct(id);
    assert.equal(product?.id, id);
  },
  close: () => pool.close(),
};
