import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { checkout, refundSaga } from "../../../../examples/shop/payments/contract.ts";
import { readBooks, type Temper } from "../../../../examples/shop/provider.ts";
import { openTestShop, type TestShop } from "../open-shop.ts";
import { ProviderProcess } from "./provider-process.ts";

const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;

describe("the notices of the provider's process", () => {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-notices-"));
  let books = join(folder, "first.jsonl");
  let provider: ProviderProcess;
  let shop: TestShop;
  let token: string;
  before(async () => {
    provider = await ProviderProcess.start({ books });
    shop = await openTestShop({ pays: { url: provider.url, allow: ["127.0.0.1"], secret, timeoutMs: 100 } });
    token = shop.token("Ben");
  });
  after(async () => {
    await shop?.[Symbol.asyncDispose]();
    await provider?.kill();
    rmSync(folder, { recursive: true });
  });

  const noticesUrl = () => shop.noticesUrl;
  /** From here on the provider has this temper, and books without a line. */
  const becomes = async (temper: Partial<Temper>) => {
    await provider.kill();
    books = join(folder, `${randomUUID()}.jsonl`);
    const port = Number(new URL(provider.url).port);
    provider = await ProviderProcess.start({ books, port, temper, seed: 5, notify: { url: noticesUrl(), secret } });
  };
  /** Resolves when so many tasks of this name have ended well. */
  const done = (name: string, isAll: (count: number) => boolean) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let count = 0;
    const look = () => isAll(count) && resolve();
    const off = shop.app.tasks.signals.ended.on(({ task, outcome }) => {
      if (task === name && outcome === "completed") count += 1;
      look();
    });
    return { look, promise: promise.finally(off), count: () => count };
  };
  const buy = async () => {
    const body = { lines: [{ productId: shop.opened.productId, quantity: 1 }] };
    const { body: begun } = await shop.ask("POST /v1/checkouts", { token, headers: { "idempotency-key": randomUUID() }, body });
    await shop.app.sagas.result(checkout, begun.sagaId, { within: "20s" });
    return begun.checkoutId as string;
  };
  const cancel = async (id: string) => {
    const ended = shop.app.sagas.signals.ended.next(({ saga, state }) => saga === refundSaga.name && state === "completed");
    await shop.ask(`POST /v1/orders/${id}/cancel`, { token });
    await ended;
  };

  const tempers: readonly (readonly [string, Partial<Temper>])[] = [
    ["come at once", {}],
    ["come twice", { noticesTwice: 1 }],
    ["come late, and out of order", { noticesLateMs: 400 }],
    ["come twice, late and out of order", { noticesTwice: 1, noticesLateMs: 400 }],
    ["come where the replies stall", { stalls: 1, patience: 2, noticesTwice: 1 }],
    ["are all that ever comes, where no reply does", { timesOutAfter: 1, patience: 1_000, noticesTwice: 1 }],
    ["come late, where replies are garbage", { garbles: 1, patience: 2, noticesLateMs: 300 }],
    ["come twice, where a proxy refuses", { refusesAfter: 1, patience: 2, noticesTwice: 1 }],
  ];
  for (const [what, temper] of tempers)
    it(`${what}: each is posted once, and the two books agree`, async () => {
      await becomes(temper);
      const settled = done("payments.settle", (count) => isBought && count >= readBooks(books).length);
      let isBought = false;
      const [first, ...others] = await Promise.all([buy(), buy(), buy()]);
      await cancel(first);
      isBought = true;
      settled.look();
      await settled.promise;
      const lines = readBooks(books);
      assert.equal(lines.length, 4, "three charges and a refund");
      const kinds = { capture: "charge", reversal: "take-back", repayment: "refund" } as const;
      const theirs = lines.map(
        ({ line_type, merchant_ref, amount_minor }) => `${merchant_ref.slice(5)} ${kinds[line_type]} ${amount_minor}`,
      );
      const ours = await shop.database.admin<{ entry: string }>(
        "select checkout_id || ' ' || kind || ' ' || amount_cents as entry from payments.entries where kind <> 'sale' and checkout_id = any ($1)",
        [[first, ...others]],
      );
      assert.deepEqual(ours.map(({ entry }) => entry).toSorted(), theirs.toSorted());
      assert.equal(settled.count(), 4, "a notice that comes again is known");
      assert.deepEqual(await shop.database.admin("select coalesce(sum(amount_cents), 0)::integer as sum from payments.postings"), [
        { sum: 0 },
      ]);
      assert.deepEqual(await shop.database.admin("select from plimsoll.sagas where ended is null"), []);
    });

  it("are refused, and post nothing, where they are signed by another, too old, or changed", async () => {
    const checkoutId = randomUUID();
    const line = { seq_no: 1, line_type: "capture", merchant_ref: `acme/${checkoutId}`, amount_minor: 700, currency_code: "EUR" };
    const body = JSON.stringify({ event_type: "capture.booked", ledger_line: { ...line, booked_at: new Date().toISOString() } });
    const other = `whsec_${Buffer.alloc(24, 8).toString("base64")}`;
    const sent = async ({ by = secret, at = new Date(), as = body, signs = body }) => {
      const id = `evt_${randomUUID()}`;
      const headers = {
        "content-type": "application/json",
        ...{ "webhook-id": id, "webhook-timestamp": `${Math.floor(at.getTime() / 1_000)}` },
        "webhook-signature": new Webhook(by).sign(id, at, signs),
      };
      return (await fetch(noticesUrl(), { method: "POST", headers, body: as })).status;
    };
    const statuses = [
      await sent({ by: other }),
      await sent({ at: new Date(Date.now() - 3_600_000) }),
      await sent({ as: body.replace("700", "900") }),
    ];
    assert.deepEqual(statuses, [403, 403, 403]);
    const unowned = body.replace("acme/", "");
    assert.equal(await sent({ as: unowned, signs: unowned }), 400, "it names no tenant");
    const settled = done("payments.settle", (count) => count === 1);
    assert.equal(await sent({}), 202, "the same, signed as it is agreed, is taken");
    await settled.promise;
    const entries = await shop.database.admin("select amount_cents::integer as cents from payments.entries where checkout_id = $1", [
      checkoutId,
    ]);
    assert.deepEqual(entries, [{ cents: 700 }]);
  });
});
