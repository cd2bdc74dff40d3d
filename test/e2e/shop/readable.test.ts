// What can be written can be read: whatever the shop accepts, in whatever order, leaves every read answering by its own schema.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import type { z } from "zod";
import * as catalog from "../../../examples/shop/catalog/contract.ts";
import * as crunch from "../../../examples/shop/crunch/contract.ts";
import * as identity from "../../../examples/shop/identity/contract.ts";
import * as orders from "../../../examples/shop/orders/contract.ts";
import { password } from "../../../examples/shop/seed.ts";
import { type Answer, type Ask, openTestShop, type TestShop } from "./open-shop.ts";

interface Line {
  readonly productId: string;
  readonly quantity: number;
}

/** Any text: letters of every script, signs, controls, the separators that some readers take for line breaks. */
const anyText = (maxLength: number) =>
  fc.oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength }),
    fc.string({ unit: "binary", minLength: 1, maxLength }).filter((text) => !text.includes("\0") && text.isWellFormed()),
    fc
      .array(fc.constantFrom("\u0001", "\ufeff", "\u2028", "'", '"', "\\", "%", "-", "é", "\u{1f6a2}", "\u202e"), {
        minLength: 1,
        maxLength: 4,
      })
      .map((parts) => parts.join("")),
    fc.constantFrom("x".repeat(maxLength), "\u0001".repeat(maxLength), "船".repeat(maxLength)),
  );
const named = (maxLength: number) => anyText(maxLength).filter((text) => text.trim() !== "" && text.length <= maxLength);

/** What was asked for, and what it may be answered with. */
const accepted = (what: string, { status, body }: { status: number; body: unknown }, statuses: readonly number[]) =>
  assert.ok(statuses.includes(status), `${what}: ${status} ${JSON.stringify(body)}`);

describe("what was written can be read", () => {
  let shop: TestShop;
  let ada: string;
  let ben: string;
  before(async () => {
    shop = await openTestShop();
    [ada, ben] = [shop.token("Ada"), shop.token("Ben")];
  });
  after(() => shop?.[Symbol.asyncDispose]());

  /** Sends it again where a busy machine did not come to it in time: of such an attempt nothing was kept. */
  const ask = async (line: string, what: Ask): Promise<Answer> => {
    for (let attempt = 1; ; attempt++) {
      const reply = await shop.ask(line, what);
      if (attempt === 4 || ![503, 504].includes(reply.status)) return reply;
    }
  };
  /** Reads, and holds the reply against the schema that the operation declares. */
  const read = async <S extends z.ZodType>(line: string, { output }: { readonly output: S }, token = ben): Promise<z.infer<S>> => {
    const { status, body } = await ask(`GET ${line}`, { token });
    assert.equal(status, 200, `${line}: ${JSON.stringify(body)}`);
    const parsed = output.safeParse(body);
    assert.ok(parsed.success, `${line}: ${parsed.error?.message}`);
    return parsed.data;
  };
  const readAll = async <T>(
    line: string,
    operation: { readonly output: z.ZodType<{ items: T[]; nextCursor?: string | undefined }> },
    token = ben,
  ) => {
    const all: T[] = [];
    for (let cursor = ""; ; ) {
      const { items, nextCursor } = await read(`${line}limit=2${cursor}`, operation, token);
      all.push(...items);
      if (nextCursor === undefined) return all;
      cursor = `&cursor=${nextCursor}`;
    }
  };
  const make = (facts: object) => ask("POST /v1/products", { token: ada, body: { name: "Kite", priceCents: 1, ...facts } });
  const place = (lines: readonly Line[]) =>
    ask("POST /v1/orders", { token: ben, body: { lines }, headers: { "idempotency-key": randomUUID() } });
  const cancel = (orderId: string) => ask(`POST /v1/orders/${orderId}/cancel`, { token: ben });
  const restock = async (productId: string, changes: object) => {
    const { version } = await read(`/v1/products/${productId}`, catalog.getProduct);
    return ask(`PATCH /v1/products/${productId}`, { token: ada, body: changes, headers: { "if-match": `"${version}"` } });
  };

  it("stock that comes back on a full shelf", async () => {
    const { body: product } = await make({ name: "Brimming crate", stock: 1_000_000 });
    const { body: order } = await place([{ productId: product.id, quantity: 5 }]);
    accepted("restock", await restock(product.id, { stock: 1_000_000 }), [200]);
    accepted("cancel", await cancel(order.orderId), [200]);
    assert.equal((await read(`/v1/products/${product.id}`, catalog.getProduct)).stock, 1_000_005);
    const found = await readAll("/v1/products?query=brimming&", catalog.listProducts);
    assert.deepEqual([found.length, found[0]?.stock], [1, 1_000_005]);
    accepted("another order", await place([{ productId: product.id, quantity: 7 }]), [201]);
  });

  it("two lines of one product that come to more than one line may have", async () => {
    const { body: product } = await make({ stock: 5_000 });
    const lines = [600, 600].map((quantity) => ({ productId: product.id, quantity }));
    const placed = await place(lines);
    accepted("place", placed, [201]);
    assert.deepEqual(
      (await read(`/v1/orders/${placed.body.orderId}`, orders.getOrder)).lines.map(({ quantity }) => quantity),
      [1_200],
    );
    accepted("cancel", await cancel(placed.body.orderId), [200]);
    assert.equal((await read(`/v1/products/${product.id}`, catalog.getProduct)).stock, 5_000);
    accepted("too many", await place(Array.from({ length: 100 }, () => ({ productId: product.id, quantity: 1_000 }))), [400]);
  });

  it("any search, whatever signs are in it", async () => {
    const sign = fc.constantFrom(
      "-",
      "- ",
      '-"',
      '""',
      "-|",
      "-&",
      "!(",
      ")-",
      "-:",
      "-*",
      "or -",
      "-'",
      "\\-",
      "-€",
      "-rocket",
      "\u2010-",
      "<->",
    );
    const run = fc.tuple(sign, fc.nat({ max: 66 })).map(([text, times]) => text.repeat(times));
    const queries = fc.oneof(
      fc.array(run, { maxLength: 4 }).map((parts) => parts.join("")),
      anyText(200),
    );
    await fc.assert(
      fc.asyncProperty(
        queries.map((text) => text.slice(0, 200)).filter((text) => text.isWellFormed()),
        async (query) => void (await read(`/v1/products?limit=2&query=${encodeURIComponent(query)}`, catalog.listProducts)),
      ),
      { numRuns: 150, seed: 8, examples: [["-".repeat(34)], ["- ".repeat(100)], ["-&".repeat(99)], ['-"'.repeat(99)], ['-""'.repeat(60)]] },
    );
  });

  it("a search for what is not meant finds what it found", async () => {
    const names = async (query: string) =>
      (await read(`/v1/products?limit=100&query=${encodeURIComponent(query)}`, catalog.listProducts)).items.map(({ name }) => name);
    assert.ok((await names("rocket -giant")).every((name) => !name.startsWith("Giant")));
    assert.deepEqual(await names("rocket --giant"), await names("rocket -giant"));
    assert.deepEqual(await names("rocket -- -giant"), await names("rocket -giant"));
    assert.equal((await names("jet-powered rocket")).length, 1);
  });

  const amounts = fc.oneof(fc.constantFrom(0, 1, 999_999, 1_000_000), fc.nat({ max: 1_000_000 }));
  const facts = fc.record(
    {
      name: named(200),
      description: anyText(2_000),
      priceCents: fc.oneof(fc.constantFrom(0, 1, 100_000_000), fc.nat({ max: 100_000_000 })),
      stock: amounts,
    },
    { requiredKeys: ["name", "priceCents"] },
  );
  const step = fc.oneof(
    fc.record({ do: fc.constant("make" as const), facts }),
    fc.record({
      do: fc.constant("change" as const),
      at: fc.nat(),
      facts: fc.record({ stock: amounts, name: named(200) }, { requiredKeys: [] }),
    }),
    fc.record({
      do: fc.constant("place" as const),
      lines: fc.array(fc.tuple(fc.nat({ max: 3 }), fc.oneof(fc.constantFrom(1, 600, 1_000), fc.integer({ min: 1, max: 1_000 }))), {
        minLength: 1,
        maxLength: 6,
      }),
    }),
    fc.record({ do: fc.constant("cancel" as const), at: fc.nat() }),
  );

  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

  /** Takes the steps, and returns what they made: products and orders. */
  const take = async (steps: readonly Step[]): Promise<readonly [string[], string[]]> => {
    const first = await make({ stock: 1_000_000 });
    accepted("make", first, [201]);
    const [products, placed]: [string[], string[]] = [[first.body.id], []];
    for (const one of steps) {
      if (one.do === "make") {
        const reply = await make(one.facts);
        accepted("make", reply, [201]);
        products.push(reply.body.id);
      } else if (one.do === "change") accepted("change", await restock(products[one.at % products.length]!, one.facts), [200]);
      else if (one.do === "place") {
        const reply = await place(one.lines.map(([at, quantity]) => ({ productId: products[at % products.length]!, quantity })));
        accepted("place", reply, [201, 400]);
        if (reply.status === 201) placed.push(reply.body.orderId);
      } else if (placed.length > 0) accepted("cancel", await cancel(placed[one.at % placed.length]!), [200]);
    }
    return [products, placed];
  };

  it("any products and orders, made, changed, placed and cancelled in any order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        for (const table of ["catalog.products", "orders.order_lines", "orders.orders"])
          await shop.database.admin(`delete from ${table} where tenant_id = 'acme'`);
        const [products, placed] = await take(steps);
        for (const id of products) await read(`/v1/products/${id}`, catalog.getProduct);
        const listed = await readAll("/v1/products?", catalog.listProducts);
        assert.deepEqual(listed.map(({ id }) => id).toSorted(), products.toSorted());
        for (const id of placed) {
          const { lines, totalCents } = await read(`/v1/orders/${id}`, orders.getOrder);
          assert.equal(
            totalCents,
            lines.reduce((sum, { quantity, unitCents }) => sum + quantity * unitCents, 0),
          );
        }
        const summaries = await readAll("/v1/orders?", orders.listOrders);
        assert.ok(placed.every((id) => summaries.some((order) => order.id === id)));
      }),
      { numRuns: 25, seed: 8 },
    );
    assert.deepEqual(await shop.app.tasks.deadLetters(), [], "and a receipt was written for each order");
  });

  it("any users, made, renamed and searched for (as before)", async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        named(200),
        named(200),
        anyText(200).filter((text) => text.length <= 200),
        async (name, renamed, query) => {
          const email = `Reader${++count}@acme.example`;
          const made = await ask("POST /v1/users", { token: ada, body: { email, name, password, roles: ["customer", "customer"] } });
          accepted("make", made, [201]);
          const path = `/v1/users/${made.body.id}`;
          assert.equal((await read(path, identity.getUser, ada)).name, name.trim());
          accepted("rename", await ask(`PATCH ${path}`, { token: ada, body: { name: renamed }, headers: { "if-match": '"1"' } }), [200]);
          await read(`/v1/users?limit=3&query=${encodeURIComponent(query)}`, identity.listUsers, ada);
          const found = await read(`/v1/users?limit=3&query=${encodeURIComponent(renamed.trim())}`, identity.listUsers, ada);
          assert.ok(found.items.length > 0, "a user is found by the name");
        },
      ),
      { numRuns: 25, seed: 8 },
    );
    const all = await readAll("/v1/users?", identity.listUsers, ada);
    assert.equal(all.length, 3 + count);
  });

  it("any items that are crunched (as before)", async () => {
    let items = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          anyText(1_000).filter((text) => text.length <= 1_000),
          { minLength: 1, maxLength: 20 },
        ),
        async (texts) => {
          const batch = await ask("POST /v1/crunch", {
            token: ben,
            body: { items: texts },
            headers: { "idempotency-key": randomUUID() },
          });
          accepted("submit", batch, [202]);
          items += texts.length;
          const { done, failed, waiting } = await read("/v1/crunch/stats", crunch.readStats);
          assert.equal(done + failed + waiting, items);
        },
      ),
      { numRuns: 25, seed: 8 },
    );
  });
});
