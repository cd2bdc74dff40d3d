import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { sendReceipt } from "../../../examples/shop/notifications/contract.ts";
import { type Mail, receiptMail } from "../../../examples/shop/notifications/domain.ts";
import { formatEml } from "../../../examples/shop/notifications/eml.ts";
import { emlFiles } from "../../../examples/shop/notifications/eml-files.ts";
import { openTestShop, subjectOf, type TestShop } from "./open-shop.ts";

/** A message as a mail program reads it: headers unfolded and decoded, and the text. */
function readEml(eml: string): { readonly headers: ReadonlyMap<string, string>; readonly text: string } {
  assert.ok(
    eml.split("\r\n").every((line) => line.length <= 998 && !/[\r\n]/.test(line)),
    "lines end as they should and are short enough",
  );
  assert.match(eml, /^[\x20-\x7e\r\n]*$/, "all is ASCII");
  const end = eml.indexOf("\r\n\r\n");
  const lines = eml.slice(0, end).replaceAll("\r\n ", " ").split("\r\n");
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), decodeWords(line.slice(line.indexOf(":") + 2))]));
  assert.equal(headers.size, lines.length, "no header is there twice");
  return { headers, text: Buffer.from(eml.slice(end), "base64").toString() };
}

function decodeWords(value: string): string {
  return value.replaceAll(/\?= =\?/g, "?==?").replaceAll(/=\?utf-8\?B\?([A-Za-z0-9+/=]*)\?=/g, (word, text: string) => {
    assert.ok(word.length <= 75, `${word} is too long for a word`);
    return Buffer.from(text, "base64").toString();
  });
}

const names = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"];

describe("receipts", () => {
  let shop: TestShop;
  let productId: string;
  before(async () => {
    shop = await openTestShop();
    productId = shop.opened.productId ?? assert.fail();
  });
  after(() => shop?.[Symbol.asyncDispose]());

  const place = (quantity: number, { token = shop.token("Ben"), key = randomUUID() as string } = {}) =>
    shop.ask("POST /v1/orders", { token, body: { lines: [{ productId, quantity }] }, headers: { "idempotency-key": key } });
  const mails = () => readdirSync(shop.mailDirectory).map((name) => ({ name, eml: readFileSync(join(shop.mailDirectory, name), "utf8") }));
  const receipts = () =>
    shop.database.admin<{ tenant_id: string; order_id: string; email: string }>(
      "select tenant_id, order_id, email from notifications.receipts order by order_id",
    );
  /** Until as many have been sent; the answer of each look is the signal for the next. */
  const sent = async (count: number) => {
    while ((await receipts()).length < count);
  };

  it("are mailed to the customer who placed an order, one for each", async () => {
    const placed = [await place(1), await place(2), await place(1, { token: shop.token("Cleo") })];
    await sent(3);
    const orders = placed.map(({ body }) => body.orderId as string).toSorted();
    assert.deepEqual(
      (await receipts()).map(({ tenant_id, order_id }) => ({ tenant_id, order_id })),
      orders.map((order_id) => ({ tenant_id: "acme", order_id })),
    );
    const read = mails().map(({ eml }) => readEml(eml));
    assert.equal(read.length, 3);
    for (const { body } of placed) assert.equal(read.filter(({ text }) => text.includes(body.orderId)).length, 1);
    const two = read.find(({ text }) => text.includes(placed[1]?.body.orderId)) ?? assert.fail();
    assert.deepEqual([...two.headers.keys()], names);
    assert.equal(two.headers.get("To"), "Ben <ben@acme.example>");
    assert.equal(two.headers.get("Subject"), `Your order of ${(placed[1]?.body.totalCents / 100).toFixed(2)}`);
    assert.ok(Math.abs(Date.parse(two.headers.get("Date") ?? "") - Date.now()) < 60_000);
    assert.match(two.text, /^Hello Ben,\r\n.* {2}2 × .* each: .*\r\n.*Total: /s);
    assert.equal(new Set(read.map(({ headers }) => headers.get("Message-ID"))).size, 3);
  });

  it("are not mailed again for a repeat of the request, nor for an order that was refused", async () => {
    const [key, before] = [randomUUID(), (await receipts()).length];
    await place(1, { key });
    assert.equal((await place(1, { key })).headers.get("idempotency-replayed"), "true");
    assert.equal((await place(1_000)).status, 400);
    const last = await place(1);
    await sent(before + 2);
    assert.ok((await receipts()).some(({ order_id }) => order_id === last.body.orderId));
    assert.equal((await shop.app.tasks.stats(["mail"]))[0]?.waiting, 0);
    assert.equal((await receipts()).length, before + 2);
    assert.equal(mails().length, before + 2);
  });

  it("write over what was there, where one is mailed again after a crash", async () => {
    const before = mails();
    // As if the process had ended between the mail and the end of its task: the mail is there, and the receipt is not.
    await shop.database.admin("create rule lost as on insert to notifications.receipts do instead select 1 / 0");
    const { body } = await place(1);
    // Its first attempt has failed, and the next one has its time.
    while ((await shop.app.tasks.stats(["mail"]))[0]?.later !== 1);
    const [first] = mails().filter(({ name }) => !before.some((mail) => mail.name === name));
    assert.ok(first);
    await shop.database.admin("drop rule lost on notifications.receipts");
    await sent(before.length + 1);
    assert.deepEqual(
      mails().map(({ name }) => name),
      [...before.map(({ name }) => name), first.name].toSorted(),
    );
    assert.equal((await receipts()).filter(({ order_id }) => order_id === body.orderId).length, 1);
  });

  it("of a user who is gone are given up, and hold no other up", async () => {
    const { people } = shop.opened;
    const token = people.find(({ name }) => name === "Ivo")?.token ?? assert.fail();
    const lines = [{ name: "Rope", quantity: 1, unitCents: 100 }];
    await shop.database.admin("delete from identity.users where id = $1", [subjectOf(token)]);
    const start = { tenant: "globex", actor: subjectOf(token) };
    await shop.app.tasks.start(sendReceipt, { orderId: randomUUID(), lines, totalCents: 100 }, start);
    for (;;) {
      const [given, ...others] = await shop.app.tasks.deadLetters();
      if (given === undefined) continue;
      assert.deepEqual([given.name, others], [sendReceipt.name, []]);
      break;
    }
    const before = (await receipts()).length;
    await place(1);
    await sent(before + 1);
  });
});

describe("a mail", () => {
  const envelope = { from: "The shop <receipts@shop.example>", messageId: "key@shop.example", date: new Date(0) };
  const mailOf = (mail: Partial<Mail> & { readonly name?: string }): Mail => ({
    ...{ to: { name: mail.name ?? "Ben", email: "ben@acme.example" }, subject: "Hello", text: "Hello" },
    ...mail,
  });

  it("can be read again, whatever is said in it and for any recipient", () =>
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }),
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.string({ unit: "grapheme", maxLength: 2_000 }),
        (name, subject, text) => {
          const { headers, ...read } = readEml(formatEml(mailOf({ name, subject, text }), envelope));
          assert.deepEqual([...headers.keys()], names);
          assert.equal(headers.get("To"), `${name} <ben@acme.example>`);
          assert.equal(headers.get("Subject"), subject);
          assert.equal(read.text, text.replaceAll(/\r?\n/g, "\r\n"));
        },
      ),
    ));

  const hostile = ["Ben\r\nBcc: all@acme.example", "Ben\nBcc: x", "Ben <other@acme.example>,", '"', "=?utf-8?B?Qg==?="];
  for (const name of hostile)
    it(`has no header of a user named ${JSON.stringify(name)}`, () => {
      const { headers } = readEml(formatEml(mailOf({ name, subject: name }), envelope));
      assert.deepEqual([...headers.keys()], names);
      assert.equal(headers.get("Subject"), name);
    });

  it("lists what was ordered", () => {
    const lines = [
      { name: "Kite", quantity: 3, unitCents: 250 },
      { name: "Raft", quantity: 1, unitCents: 1_005 },
    ];
    const { subject, text } = receiptMail({ orderId: "1", lines, totalCents: 1_755 }, { name: "Ben", email: "ben@acme.example" });
    assert.equal(subject, "Your order of 17.55");
    assert.match(text, /3 × Kite, 2\.50 each: 7\.50\n {2}1 × Raft, 10\.05 each: 10\.05\n\nTotal: 17\.55\nOrder: 1\n$/);
  });

  it("lies in a file that its key names, for its owner alone, and in that folder whatever the key", async () => {
    const directory = join(mkdtempSync(join(tmpdir(), "plimsoll-mail-")), "mail");
    try {
      const mailer = emlFiles({ directory });
      const { signal } = new AbortController();
      for (const key of ["task:1", "task:1", "../../outside", "task:2"]) await mailer.send(mailOf({ text: key }), { key, signal });
      assert.deepEqual(readdirSync(directory), [".._.._outside.eml", "task_1.eml", "task_2.eml"]);
      assert.equal(statSync(join(directory, "task_1.eml")).mode & 0o777, 0o600);
    } finally {
      rmSync(join(directory, ".."), { recursive: true, force: true });
    }
  });
});
