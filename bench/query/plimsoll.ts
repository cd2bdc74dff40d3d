// One read as an operation of Plimsoll, through the whole pipeline: input and output validated, access checked, slots, deadline, budget.
import assert from "node:assert/strict";
import { z } from "zod";
import { type App, module, query, role } from "../../src/index.ts";
import { actor, startApp } from "../database/plimsoll-app.ts";
import { deadlineMs, productId } from "../database/work.ts";
import type { Contender } from "../harness/contender.ts";

const Product = z.object({ id: z.uuid(), name: z.string(), priceCents: z.int(), stock: z.int() });

const getProduct = query("products.get", {
  input: z.object({ id: z.uuid() }),
  output: Product,
  access: role("customer"),
  budget: { deadline: deadlineMs, queue: 1_000 },
  run: ({ id }, { sql }) => sql(Product)`select id, name, price_cents, stock from bench_hand.products where id = ${id}`.one(),
});

let app: App;

export const contender: Contender = {
  name: "plimsoll",
  async setup(target) {
    app = await startApp(module("products", { operations: [getProduct] }), target);
  },
  async once(i) {
    const id = productId(i);
    const product = await app.call(getProduct, { id }, { actor });
    assert.equal(product.id, id);
  },
  close: () => app.stop(),
};
