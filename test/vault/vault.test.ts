import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import pg from "pg";
import { createApp, event, module, personal } from "plimsoll";
import { testActor } from "plimsoll/testing";
import { environmentKeys, lastShown, masked, vault, vaultField } from "plimsoll/vault";
import { z } from "zod";
import { seen } from "../integration/scratch.ts";
import { close, erase, failNext, forget, open, refresh, secretOf, show, walletApp, walletDatabase, walletVault } from "./wallet/wallet.ts";

const database = await walletDatabase();
const own = walletVault();
const app = await walletApp(database, { vault: own });
after(async () => {
  await app.stop();
  await database.drop();
});
const number = "DE02120300000000202051";
const pan = "4000 0566 5566 5556";
let made = 0;
const account = async (more: object = {}) => {
  const id = `account-${++made}`;
  const { token, display } = await app.call(open, { id, iban: number, card: pan, ...more });
  return { id, token, display };
};
const rowOf = async (id: string) => (await database.admin<{ iban: string }>("select iban from wallet.accounts where id = $1", [id]))[0]!;
const other = app.as(testActor({ id: "ben", tenant: "other" }));

describe("the vault", () => {
  it("seals values and opens them, and shows a token in the place of a card", async () => {
    const { id, token, display } = await account();
    assert.match(token, /^tok_[A-Za-z0-9_-]{24}$/);
    assert.equal(display, "•••• 5556");
    assert.deepEqual(await app.call(show, { id }), { iban: number, card: pan });
  });

  it("seals the same value differently each time", async () => {
    const [one, two] = [await account(), await account()];
    assert.notEqual((await rowOf(one.id)).iban.slice(41), (await rowOf(two.id)).iban.slice(41));
    assert.notEqual(one.token, two.token);
  });

  it("has a key for each tenant, made once, also by processes at the same time", async () => {
    await using second = await walletApp(database);
    const carl = testActor({ id: "carl", tenant: "carl" });
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => (n % 2 ? app : second).as(carl).call(open, { id: `c${n}`, iban: number, card: pan })),
    );
    const rows = await database.admin("select count(*)::int as keys from plimsoll.vault_keys where tenant = 'carl'");
    assert.deepEqual(rows, [{ keys: 1 }]);
    assert.deepEqual(await second.as(carl).call(show, { id: "c0" }), { iban: number, card: pan });
  });

  const refused = { code: "internal", type: "sealed_text_invalid" };
  for (const [what, change] of [
    ["of another row", "update wallet.accounts a set iban = o.iban from wallet.accounts o where a.id = $1 and o.id = $2"],
    ["that was changed", "update wallet.accounts set iban = overlay(iban placing 'AAAA' from 60) where id = $1 and $2 <> ''"],
    ["that is none", "update wallet.accounts set iban = 'DE02' where id = $1 and $2 <> ''"],
    ["of another field", "update wallet.accounts set iban = (select sealed from plimsoll.vault_tokens limit 1) where id = $1 and $2 <> ''"],
  ] as const)
    it(`does not open a text ${what}`, async () => {
      const [one, two] = [await account(), await account()];
      await database.admin(change, [one.id, two.id]);
      await assert.rejects(app.call(show, { id: one.id }), refused);
    });

  it("does not open a text, nor a token, of another tenant", async () => {
    const { id, token } = await account();
    await database.admin("insert into wallet.accounts select 'other', id, iban, card, shown from wallet.accounts where id = $1", [id]);
    await assert.rejects(other.call(show, { id }), refused);
    assert.deepEqual(await other.call(forget, { id: token }), { was: false });
    assert.deepEqual(await app.call(forget, { id: token }), { was: true });
    assert.deepEqual(await app.call(show, { id }), { iban: number });
  });

  it("erases what the key of a person sealed, and nothing else", async () => {
    const [theirs, ours] = [await account({ person: "eve" }), await account()];
    assert.equal((await app.call(show, { id: theirs.id })).iban, number);
    assert.deepEqual(await other.call(erase, { id: "eve" }), { keys: 0 });
    assert.deepEqual(await app.call(erase, { id: "eve" }), { keys: 1 });
    await assert.rejects(app.call(show, { id: theirs.id }), { code: "not_found", type: "sealed_text_erased" });
    assert.equal((await app.call(show, { id: ours.id })).iban, number);
  });

  it("rotates root keys, keys of tenants and tokens, and what was sealed stays readable", async () => {
    const { id } = await account({ person: "kim" });
    const plain = await account();
    const keysBefore = await database.admin("select id, wrapped from plimsoll.vault_keys");
    const rotated = await own.rotateNow();
    assert.ok(rotated.root && rotated.rewrapped === keysBefore.length && rotated.tenants >= 2 && rotated.tokens >= 2);
    assert.deepEqual(await database.admin("select generation from plimsoll.vault_roots"), [{ generation: 2 }]);
    assert.deepEqual(
      await database.admin(
        "select count(*)::int as old from plimsoll.vault_tokens t join plimsoll.vault_keys k on k.id = t.key where not k.is_current",
      ),
      [{ old: 0 }],
    );
    for (const one of [id, plain.id]) assert.deepEqual(await app.call(show, { id: one }), { iban: number, card: pan });
    assert.deepEqual(await app.call(refresh, { id: plain.id }), { isNew: true });
    assert.deepEqual(await app.call(refresh, { id: plain.id }), { isNew: false });
    assert.deepEqual(await app.call(show, { id: plain.id }), { iban: number, card: pan });
    assert.deepEqual((await own.rotateNow({ olderThan: "1d" })).root, false);
    // A process that started before learns of the new root key.
    await using later = await walletApp(database);
    assert.deepEqual(await later.call(show, { id: plain.id }), { iban: number, card: pan });
  });

  it("has another key of the provider wrap its root keys, and then does without the old one", async () => {
    const both = walletVault({ one: secretOf.one, two: secretOf.two });
    await using rotating = await walletApp(database, { vault: both });
    await both.rotateNow({ olderThan: "1d" });
    assert.deepEqual(await database.admin("select distinct provider from plimsoll.vault_roots"), [{ provider: "two" }]);
    await using later = await walletApp(database, { vault: walletVault({ two: secretOf.two }) });
    const { id } = await account();
    assert.equal((await later.call(show, { id })).iban, number);
    await assert.rejects(walletApp(database), { code: "unavailable", type: "vault_unavailable" });
    await assert.rejects(walletApp(database, { vault: walletVault({ two: secretOf.one }) }), { type: "vault_unavailable" });
    assert.ok(rotating);
  });

  it("keeps its keys from the application's role but through functions", async () => {
    const client = new pg.Client(database.url);
    await client.connect();
    for (const table of ["vault_roots", "vault_keys", "vault_tokens"])
      for (const text of [`select from plimsoll.${table}`, `delete from plimsoll.${table}`])
        await assert.rejects(client.query(text), { code: "42501" }, text);
    await client.end();
  });

  it("is refused without a database, or with a weak key", async () => {
    assert.throws(() => createApp({ modules: [], vault: own }), { type: "app_invalid", message: /vault/ });
    for (const weak of [undefined, "short", "ab".repeat(30)])
      assert.throws(() => environmentKeys({ keys: { one: weak } }), { type: "key_unusable" });
    assert.throws(() => vault({ keys: environmentKeys({ keys: { one: secretOf.one } }), rotateAfter: "1h" }), /rotateAfter/);
    assert.throws(() => vaultField("Bad Name"), /lower case/);
    await using without = await walletApp(database, { vault: undefined as never });
    await assert.rejects(without.call(show, { id: (await account()).id }), (fault: { cause?: unknown }) =>
      /the app has none. Add createApp\(\{ vault \}\)/.test(String(fault.cause)),
    );
  });
});

describe("personal data of events", () => {
  const stored = async (owner: string) =>
    (await database.admin<{ data: string }>("select data from plimsoll.events where key = $1 order by seq", [owner])).map(
      ({ data }) => data,
    );

  it("is sealed in the log, and opened for those who handle the event", async () => {
    await app.call(close, { owner: "lea", email: "lea@example.com", notes: ["blue eyes"] });
    const [data] = await stored("lea");
    assert.match(
      data!,
      /^\{"owner":"lea","email":\{"\$sealed":"pv1\.[^"]+"\},"notes":\[\{"text":\{"\$sealed":"pv1\.[^"]+","erased":"\(erased\)"\},"at":"noon"\}\]\}$/,
    );
    assert.deepEqual(await seen(database.adminUrl, "select email, note from wallet.seen where email = 'lea@example.com'"), {
      ...{ email: "lea@example.com", note: "blue eyes" },
    });
  });

  it("is erased everywhere with the keys of the person, replays included", async () => {
    await app.call(close, { owner: "mia", email: "mia@example.com", notes: ["green eyes"] });
    await app.call(close, { owner: "noa", email: "noa@example.com" });
    await seen(database.adminUrl, "select from wallet.seen where email = 'noa@example.com'");
    await seen(database.adminUrl, "select from wallet.seen where email = 'mia@example.com'");
    assert.deepEqual(await app.call(erase, { id: "mia" }), { keys: 1 });
    await database.admin("truncate wallet.seen");
    await app.app.events.replay("wallet.on-closed", { from: new Date(0), reason: "a test" });
    await seen(database.adminUrl, "select from wallet.seen where email = 'noa@example.com'");
    assert.deepEqual(await seen(database.adminUrl, "select email, note from wallet.seen where note = '(erased)'"), {
      email: null,
      note: "(erased)",
    });
  });

  it("stays sealed in an event that is parked, and in a dead letter", async () => {
    failNext(2);
    await app.call(close, { owner: "pia", email: "pia@example.com" });
    const parked = await seen<{ data: string }>(
      database.adminUrl,
      "select data from plimsoll.parked_events where key = 'pia' union all select 'handled' from wallet.seen where email = 'pia@example.com'",
    );
    assert.doesNotMatch(parked.data, /pia@/);
    await seen(database.adminUrl, "select from wallet.seen where email = 'pia@example.com'");
    failNext(5);
    await app.call(close, { owner: "pia", email: "pia@example.com" });
    const lost = await seen<{ data: string }>(database.adminUrl, "select data from plimsoll.event_dead_letters where key = 'pia'");
    assert.match(lost.data, /"\$sealed":"pv1\./);
    failNext(0);
  });

  it("leaves data that only looks as if it was sealed as it is", async () => {
    await app.call(close, { owner: "quy", email: "quy@example.com" });
    await database.admin(`update plimsoll.events set data = '{"owner":"quy","email":{"$sealed":"pv1.nothing"}}' where key = 'quy'`);
    await database.admin("truncate wallet.seen");
    await app.app.events.replay("wallet.on-closed", { from: new Date(0), reason: "a test" });
    await seen(database.adminUrl, "select from plimsoll.event_dead_letters where key = 'quy'");
  });

  const one = (spec: object, data = z.object({ id: z.string(), email: personal(z.email().nullable()) })) =>
    createApp({ modules: [module("one", { operations: [], events: [event("one.made", { data, key: () => "a", ...spec })] })] });
  it("needs a subject", () => {
    assert.throws(() => one({}), { type: "app_invalid", message: /one\.made: subject: It has personal data/ });
    one({ subject: ({ id }: { readonly id: string }) => id });
    one({}, z.object({ id: z.string() }) as never);
  });

  it("commits nothing where its schema does not take what stands for it", async () => {
    await assert.rejects(app.call(close, { owner: "", email: "a@example.com" }), { code: "internal" });
    assert.deepEqual(await stored(""), []);
  });
});

describe("what is shown of a value", () => {
  const cases = [
    [lastShown(), "4242424242424242", "•••• 4242"],
    [lastShown(), "4242 4242 4242 4242", "•••• 4242"],
    [lastShown(2), "DE02", "•••• 02"],
    [lastShown(), "1234567", "••••"],
    [lastShown(), "", "••••"],
    [masked(), "123-45-6789", "•••-••-6789"],
    [masked(), "4242 4242 4242 4242", "•••• •••• •••• 4242"],
    [masked(), "1234567", "•••••••"],
    [masked(1), "añb", "••b"],
  ] as const;
  for (const [display, value, shown] of cases) it(`${value || "nothing"} is ${shown}`, () => assert.equal(display(value), shown));

  it("is never more than the last characters", () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (value) => {
        const letters = (text: string) => [...text].filter((one) => /[\p{L}\p{N}]/u.test(one)).length;
        for (const display of [lastShown(), masked()]) assert.ok(letters(display(value)) <= Math.min(4, Math.floor(letters(value) / 2)));
      }),
    ));
});
