import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CrashOutcome, type CrashScope, type CrashSpec, type CrashWorld, crashTest } from "plimsoll/testing";
import type { Mail } from "../../examples/shop/notifications/domain.ts";
import type { Mailer } from "../../examples/shop/notifications/mailer.ts";
import { placeOrder } from "../../examples/shop/orders/contract.ts";
import { createShop } from "../../examples/shop/shop.ts";
import { stored } from "../tasks/books/task-tables.ts";
import { type Open, openForBen, shopSettings } from "./shop/customer.ts";

// The short form is a part of all, chosen by the seed; all of it: CRASH=all npm test -- test/crash/receipts.test.ts
const most = process.env.CRASH === "all" ? {} : { most: 4 };

/** `changed`: how the outside service mails. *Default*: as it is asked to. */
const makeShop =
  (changed: (mail: Mailer) => Mailer = (mail) => mail) =>
  ({ database, clock, outside }: CrashWorld) =>
    createShop({
      ...{ database, clock, mail: changed(outside("mail", { send: async () => undefined })) },
      ...shopSettings,
    });

const spec: CrashSpec<Open> = {
  prepare: openForBen,
  async scenario({ call, quiet, kept: { ben: actor, productId } }: CrashScope<Open>) {
    await call(placeOrder, { lines: [{ productId, quantity: 1 }] }, { actor });
    await quiet();
    await assert.rejects(call(placeOrder, { lines: [{ productId, quantity: 1_000 }] }, { actor }), { type: "out_of_stock" });
  },
  invariants: eachOnce,
};

/** A customer whose order was acknowledged gets its receipt, and no other does: once in the books, and however often it is mailed, by one key. */
async function eachOnce({ database, ledger }: CrashOutcome<Open>): Promise<void> {
  const placed = ledger.of(placeOrder).map(({ output }) => output.orderId);
  const receipts = await database.admin("select order_id as order, email from notifications.receipts order by order_id");
  assert.deepEqual(
    receipts,
    placed.map((order) => ({ order, email: "ben@acme.example" })),
    "each order has its receipt",
  );
  const mails = ledger.calls("mail.send").map(({ args }) => ({ mail: args[0] as Mail, key: (args[1] as { key: string }).key }));
  // The mailer recognises a repeat by its key, as the files do by their names.
  const mailbox = new Map(mails.map(({ mail, key }) => [key, mail]));
  assert.equal(mailbox.size, placed.length, "there is one mail for each order");
  for (const order of placed) {
    const [mail, more] = [...mailbox.values()].filter(({ text }) => text.includes(order));
    assert.ok(mail && !more, `the receipt for ${order} arrived, and once`);
    assert.equal(mail.to.email, "ben@acme.example");
  }
  for (const { mail, key } of mails) assert.deepEqual(mail, mailbox.get(key), "under one key the same is said each time");
  assert.deepEqual(await stored(database, "deadLetters", { columns: ["name", "code", "reason"] }), [], "no dead letter");
}

describe("the shop's receipts", () => {
  it("are mailed by one key each, and are in the books once, whatever breaks", async (t) => {
    const report = await crashTest(makeShop(), { ...spec, ...most });
    t.diagnostic(report.summary);
    if (report.missed.length > 0) t.diagnostic(`not reached: ${report.missed.join(", ")}`);
  });

  // Each breaks one promise, and must show where one crash is enough.
  let nth = 0;
  const planted: Record<string, { changed: (mail: Mailer) => Mailer; only: string; found: RegExp }> = {
    "a key that is another for each attempt": {
      changed: (mail) => ({ send: (letter, { signal }) => mail.send(letter, { key: `${++nth}`, signal }) }),
      only: "notifications.send-receipt#1 mail.send 1 / gone-after",
      found: /there is one mail for each order/,
    },
    "a mail that is taken for sent, and was not": {
      changed: (mail) => ({ send: (letter, options) => mail.send(letter, options).catch(() => undefined) }),
      only: "notifications.send-receipt#1 mail.send 1 / fails-before",
      found: /there is one mail for each order/,
    },
  };
  for (const [bug, { changed, only, found }] of Object.entries(planted))
    it(`show ${bug}`, () => assert.rejects(crashTest(makeShop(changed), { ...spec, only }), found));
});
