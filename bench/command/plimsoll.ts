// One idempotent command with a read and a write as an operation of Plimsoll, through the whole pipeline.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type App, command, fault, module, role } from "../../src/index.ts";
import { actor, startApp } from "../database/plimsoll-app.ts";
import { deadlineMs, productId } from "../database/work.ts";
import type { Contender } from "../harness/contender.ts";

const OutOfStock = fault("out_of_stock", {
  code: "failed_precondition",
  details: z.object({ productId: z.string() }),
  message: ({ productId: id }) => `Product ${id} is out of stock.`,
});

const sell = command("products.sell", {
  input: z.object({ productId: z.uuid(), quantity: z.int().min(1) }),
  output: z.object({ productId: z.uuid(), left: z.int(), totalCents: z.int() }),
  faults: [OutOfStock],
  access: role("customer"),
  idempotent: "key",
  budget: { deadline: deadlineMs, queue: 1_000 },
  async run({ productId: id, quantity }, { sql, fail }) {
    const product = await sql<{ priceCents: number; stock: number }>`
      select price_cents, stock from bench_hand.products where id = ${id}`.maybe();
    if (product === undefined || product.stock < quantity) return fail(OutOfStock, { productId: id });
    const sold = await sql<{ stock: number }>`
      update bench_hand.products set stock = stock - ${quantity} where id = ${id} and stock >= ${quantity} returning stock`.maybe();
    if (sold === undefined) return fail(OutOfStock, { productId: id });
    return { productId: id, left: sold.stock, totalCents: product.priceCents * quantity };
  },
});

let app: App;

export const contender: Contender = {
  name: "plimsoll",
  async setup(target) {
    app = await startApp(module("products", { operations: [sell] }), target);
  },
  async once(i) {
    const id = productId(i);
    const sale = await app.call(sell, { productId: id, quantity: 1 }, { actor, key: randomUUID() });
    assert.equal(sale.productId, id);
  },
  close: () => app.stop(),
};
