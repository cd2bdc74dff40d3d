import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkout } from "../../../../examples/shop/payments/contract.ts";
import type { LedgerLine } from "../../../../examples/shop/provider/wire.ts";
import { type Provider, readBooks, startProvider, type Temper } from "../../../../examples/shop/provider.ts";
import { openTestShop, type TestShop } from "../open-shop.ts";

const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;

/** A shop with a provider behind it, whose temper a test changes. */
export interface PaidShop extends AsyncDisposable {
  readonly shop: TestShop;
  readonly productId: string;
  /** From here on the provider has this temper, and the books that it had. */
  becomes(temper: Partial<Temper>, options?: { readonly seed?: number; readonly notifies?: boolean }): Promise<void>;
  /** Changes the provider's books, while it is off. */
  rewrite(change: (lines: readonly LedgerLine[]) => readonly LedgerLine[]): Promise<void>;
  /** Buys, and returns how it ended. */
  buy(quantity?: number): Promise<Ended>;
  /** What the provider has of a checkout, in its own books. */
  booked(checkoutId: string): readonly string[];
  noticed(): Promise<void>;
  stock(): Promise<number>;
  /** What our ledger has of a checkout. */
  entries(checkoutId: string): Promise<readonly string[]>;
}

/** How a checkout ended. */
export interface Ended {
  readonly id: string;
  readonly state: string;
  readonly problem: string | null;
  readonly amountCents: number;
}

/** Opens the shop and a provider. A stall costs 100 ms. */
export async function openPaidShop(): Promise<PaidShop> {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-paid-"));
  const books = join(folder, "books.jsonl");
  let provider: Provider = await startProvider({}, { books });
  const port = Number(new URL(provider.url).port);
  const opening = openTestShop({ pays: { url: provider.url, allow: ["127.0.0.1"], secret, timeoutMs: 100 } });
  const shop = await opening.catch(async (error) => {
    await provider.close();
    throw error;
  });
  const notify = { url: shop.noticesUrl, secret };
  const token = shop.token("Ben");
  const { productId = "" } = shop.opened;
  const admin = shop.database.admin.bind(shop.database);
  return {
    ...{ shop, productId },
    async becomes(temper, { seed = 1, notifies = false } = {}) {
      await provider.close();
      provider = await startProvider(temper, { books, port, seed, ...(notifies && { notify }) });
    },
    async rewrite(change) {
      await provider.close();
      const lines = change(readBooks(books)).map((line, index) => ({ ...line, seq_no: index + 1 }));
      writeFileSync(books, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      provider = await startProvider({}, { books, port });
    },
    async buy(quantity = 1) {
      const headers = { "idempotency-key": randomUUID() };
      const { status, body } = await shop.ask("POST /v1/checkouts", { token, headers, body: { lines: [{ productId, quantity }] } });
      assert.equal(status, 202, JSON.stringify(body));
      // One that is stuck ends the test here.
      await shop.app.sagas.result(checkout, body.sagaId, { within: "20s" }).catch(({ type }) => assert.notEqual(type, "saga_not_ended"));
      return (await shop.ask(`GET /v1/checkouts/${body.checkoutId}`, { token })).body;
    },
    booked: (id) =>
      readBooks(books).flatMap((line) => (line.merchant_ref === `acme/${id}` ? [`${line.line_type} ${line.amount_minor}`] : [])),
    noticed: () => provider.noticed(),
    async stock() {
      const [product] = await admin<{ stock: number }>("select stock::integer from catalog.products where id = $1", [productId]);
      return product?.stock ?? 0;
    },
    entries: async (id) =>
      (
        await admin<{ entry: string }>(
          "select kind || ' ' || amount_cents as entry from payments.entries where checkout_id = $1 order by posted_at, kind",
          [id],
        )
      ).map(({ entry }) => entry),
    async [Symbol.asyncDispose]() {
      await shop[Symbol.asyncDispose]();
      await provider.close();
      rmSync(folder, { recursive: true });
    },
  };
}
