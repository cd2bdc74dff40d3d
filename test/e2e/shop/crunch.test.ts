import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { type Attempt, failFirstAttempts } from "../../../examples/shop/crunch/chaos.ts";
import { attempts, maxWaiting, submitBatch } from "../../../examples/shop/crunch/contract.ts";
import { checksumOf, crunchText, type ItemResult, scoreOf } from "../../../examples/shop/crunch/domain.ts";
import { ResultWriter } from "../../../examples/shop/crunch/result-writer.ts";
import { createShop } from "../../../examples/shop/shop.ts";
import type { Actor } from "../../../src/operation/actor.ts";
import { stored } from "../../tasks/books/task-tables.ts";
import { claimsOf, openInProcess, openTestShop, type TestShop, testSpec } from "./open-shop.ts";

const texts = (count: number) => Array.from({ length: count }, (_, n) => `item ${n} of ${count} items`);
const submit = (shop: TestShop, items: readonly string[], { token = shop.token("Ben"), key = randomUUID() as string } = {}) =>
  shop.ask("POST /v1/crunch", { token, body: { items }, headers: { "idempotency-key": key } });
const statsOf = async (shop: TestShop, name = "Ben") => (await shop.ask("GET /v1/crunch/stats", { token: shop.token(name) })).body;
const resultsOf = ({ database }: TestShop) =>
  database.admin<{ tenant: string; batch: string; item: number; outcome: string; checksum: number; score: number; attempts: number }>(
    `select tenant_id as tenant, batch_id as batch, item, outcome, checksum::float8 as checksum, score, attempts
     from crunch.results order by tenant_id, batch_id, item`,
  );

/** Until no item of any user waits: the answer of each look is the signal for the next. */
async function allCrunched(shop: TestShop) {
  for (;;) {
    const [{ count } = { count: 0 }] = await shop.database.admin<{ count: number }>(
      "select coalesce(sum(waiting), 0)::integer as count from crunch.progress",
    );
    if (count === 0) return;
  }
}

describe("crunch", () => {
  let shop: TestShop;
  before(async () => {
    shop = await openTestShop();
  });
  after(() => shop?.[Symbol.asyncDispose]());

  it("crunches each item of a batch once, and counts them", async () => {
    const items = texts(1_000);
    const { status, body } = await submit(shop, items);
    assert.deepEqual([status, body.items], [202, 1_000], JSON.stringify(body));
    await allCrunched(shop);
    const results = (await resultsOf(shop)).filter(({ batch }) => batch === body.batchId);
    assert.deepEqual(
      results.map(({ item, checksum, score }) => ({ item, checksum, score })),
      items.map((text, item) => ({ item, checksum: checksumOf(text), score: scoreOf(text) })),
    );
    assert.ok(results.every(({ tenant, outcome, attempts }) => tenant === "acme" && outcome === "done" && attempts === 1));
    assert.deepEqual(await statsOf(shop), { done: 1_000, failed: 0, waiting: 0, lagMs: 0 });
  });

  it("tells a tenant nothing of another", async () => {
    const before = await statsOf(shop);
    assert.equal((await submit(shop, texts(7), { token: shop.token("Hana") })).status, 202);
    await allCrunched(shop);
    assert.equal((await statsOf(shop, "Hana")).done, 7);
    assert.deepEqual(await statsOf(shop), before);
  });

  it("takes a batch once, however often it is sent", async () => {
    const [key, before] = [randomUUID(), await statsOf(shop)];
    const first = await submit(shop, texts(5), { key });
    const again = await submit(shop, texts(5), { key });
    assert.deepEqual([again.status, again.headers.get("idempotency-replayed"), again.body], [202, "true", first.body]);
    assert.equal((await submit(shop, texts(6), { key })).status, 422);
    await allCrunched(shop);
    assert.equal((await statsOf(shop)).done, before.done + 5);
  });

  const refused = [
    { what: "no item", items: [] },
    { what: "more than 1,000", items: texts(1_001) },
    { what: "an empty item", items: [""] },
    { what: "an item that is too long", items: ["x".repeat(1_001)] },
  ];
  for (const { what, items } of refused)
    it(`refuses a batch with ${what}`, async () => assert.equal((await submit(shop, items)).status, 400));

  it("is for customers who give a key; any signed-in user may count", async () => {
    const [body, ben] = [{ items: ["x"] }, shop.token("Ben")];
    assert.equal((await shop.ask("POST /v1/crunch", { token: ben, body })).status, 400);
    assert.equal((await submit(shop, ["x"], { token: shop.token("Ada") })).status, 403);
    assert.equal((await shop.ask("POST /v1/crunch", { body, headers: { "idempotency-key": "x" } })).status, 401);
    assert.equal((await shop.ask("GET /v1/crunch/stats")).status, 401);
    assert.equal((await shop.ask("GET /v1/crunch/stats", { token: shop.token("Ada") })).status, 200);
  });

  it("closes a batch of which everything is known, and counts it as before", async () => {
    const { body } = await submit(shop, texts(3));
    await allCrunched(shop);
    const before = await statsOf(shop);
    const { body: next } = await submit(shop, texts(2));
    const batches = await shop.database.admin<{ id: string; done: number; open: boolean }>(
      "select id, done, closed_at is null as open from crunch.batches where id = any ($1)",
      [[body.batchId, next.batchId]],
    );
    assert.deepEqual(
      batches.toSorted((a, b) => a.id.localeCompare(b.id)),
      [
        { id: body.batchId, done: 3, open: false },
        { id: next.batchId, done: null, open: true },
      ],
    );
    await allCrunched(shop);
    assert.equal((await statsOf(shop)).done, before.done + 2);
  });

  it("refuses a batch while too much waits, says when to come back, and takes it then", async () => {
    const [before, key] = [await statsOf(shop), randomUUID()];
    // A batch without a task: its items wait until the owner of the database takes it away.
    const id = randomUUID();
    await shop.database.admin(
      "insert into crunch.batches (tenant_id, id, items, accepted_at) values ('acme', $1, $2, now() - interval '1 h')",
      [...[id, maxWaiting - 1]],
    );
    const stats = await statsOf(shop);
    assert.equal(stats.waiting, maxWaiting - 1);
    assert.ok(stats.lagMs >= 3_600_000, `${stats.lagMs}`);
    const { status, headers, body } = await submit(shop, texts(2), { key });
    assert.deepEqual([status, body.type], [429, "urn:plimsoll:crunch_full"]);
    assert.deepEqual(body.details, { limit: maxWaiting, waiting: maxWaiting - 1 });
    assert.ok(Number(headers.get("retry-after")) >= 1);
    assert.equal((await submit(shop, texts(2), { token: shop.token("Hana") })).status, 202, "which is no matter of another tenant");
    await shop.database.admin("delete from crunch.batches where id = $1", [id]);
    assert.equal((await submit(shop, texts(2), { key })).status, 202);
    await allCrunched(shop);
    assert.equal((await statsOf(shop)).done, before.done + 2);
  });
});

describe("crunch, where attempts fail", () => {
  it("tries again, and counts as failed what fails each time", async () => {
    const doomed = new Set<string>();
    // Each third item fails for good, each other third the first time.
    const fails = ({ key, attempt }: Attempt) => {
      const kind = checksumOf(key) % 3;
      if (kind === 0) doomed.add(key);
      return kind === 0 || (kind === 1 && attempt === 1);
    };
    await using shop = await openInProcess({ chaos: { fails } });
    await submit(shop, texts(300));
    await allCrunched(shop);
    const results = await resultsOf(shop);
    assert.equal(results.length, 300);
    const outcomes = Map.groupBy(results, ({ outcome, attempts }) => `${outcome} ${attempts}`);
    assert.deepEqual([...outcomes.keys()].toSorted(), ["done 1", "done 2", `failed ${attempts}`]);
    assert.equal(outcomes.get(`failed ${attempts}`)?.length, doomed.size);
    assert.deepEqual(await statsOf(shop), { done: 300 - doomed.size, failed: doomed.size, waiting: 0, lagMs: 0 });
    assert.deepEqual(await shop.app.tasks.deadLetters(), [], "a failure is a result, and no dead letter");
  });

  it("fails the share of first attempts that it is asked for, and no other", () => {
    const keys = Array.from({ length: 2_000 }, () => `crunch.item:${randomUUID()}`);
    const failing = (share: number, attempt: number) => keys.filter((key) => failFirstAttempts(share).fails({ key, attempt })).length;
    assert.deepEqual([failing(0, 1), failing(1, 1), failing(1, 2)], [0, 2_000, 0]);
    assert.ok(Math.abs(failing(0.1, 1) - 200) < 80, `${failing(0.1, 1)}`);
  });
});

describe("crunch, while processes end", () => {
  it("counts exactly, however often the shop is stopped in the middle", async () => {
    const chaos = failFirstAttempts(0.2);
    await using shop = await openInProcess({ chaos });
    await shop.app.stop();
    const [claims, restarts] = [claimsOf(shop.token("Ben")), 5];
    const actor: Actor = { id: claims.sub, kind: "user", roles: claims.roles, tenant: claims.tid, claims };
    let cut = 0;
    for (let restart = 0; restart < restarts; restart++) {
      const app = createShop({ ...testSpec, database: shop.database, mailDirectory: shop.mailDirectory, chaos });
      await app.start();
      // The first ends as soon as some have: all others are in the middle, or were not begun.
      const some = app.tasks.signals.ended.next();
      for (let n = 0; n < 2; n++) await app.call(submitBatch, { items: texts(1_000) }, { actor, key: randomUUID() });
      await some;
      await app.stop({ withinMs: 0 });
      cut += 2_000 * (restart + 1) > (await resultsOf(shop)).length ? 1 : 0;
    }
    assert.ok(cut > 0, "something was left to the next process");
    const last = createShop({ ...testSpec, database: shop.database, mailDirectory: shop.mailDirectory, chaos });
    await last.start();
    await allCrunched(shop);
    await last.stop();
    const results = await resultsOf(shop);
    assert.equal(results.length, 2_000 * restarts);
    assert.ok(results.every(({ outcome }) => outcome === "done"));
    assert.ok(
      results.some(({ attempts }) => attempts > 1),
      "some first attempts failed",
    );
    assert.deepEqual(await stored(shop.database, "deadLetters", { columns: ["id"] }), []);
  });
});

describe("crunching a text", () => {
  const cases = [
    { text: "a rocket and a kite", checksum: undefined, score: 4 },
    { text: "", checksum: 0x811c9dc5, score: 0 },
    { text: "a", checksum: 0xe40c292c, score: 1 },
    { text: "foobar", checksum: 0xbf9cf968, score: 1 },
    { text: "Über über ÜBER, 3 × 3", checksum: undefined, score: 2 },
  ];
  for (const { text, checksum, score } of cases)
    it(`gives "${text}" its checksum and its score`, () => {
      if (checksum !== undefined) assert.equal(checksumOf(text), checksum);
      assert.equal(scoreOf(text), score);
    });

  it("comes to the same for the same, within its bounds", () =>
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const { outcome, checksum, score } = crunchText(text);
        assert.deepEqual(crunchText(text), { outcome: "done", checksum, score });
        assert.equal(outcome, "done");
        assert.ok(Number.isInteger(checksum) && checksum! >= 0 && checksum! < 2 ** 32);
        assert.ok(score! <= text.length);
      }),
    ));
});

describe("the writer of results", () => {
  const result = (item: number): ItemResult => ({ outcome: "done", checksum: 1, score: 1, batchId: randomUUID(), item, attempts: 1 });
  const itemsOf = (results: readonly ItemResult[]) => results.map(({ item }) => item);

  it("stores together what comes together, and what comes meanwhile next", async () => {
    const [writer, stored, first] = [new ResultWriter(), [] as number[][], Promise.withResolvers<void>()];
    const store = async (results: readonly ItemResult[]) => {
      stored.push(itemsOf(results));
      if (stored.length === 1) await first.promise;
    };
    const early = [1, 2, 3].map((item) => writer.write("acme", result(item), store));
    await turn();
    await turn();
    const late = [4, 5].map((item) => writer.write("acme", result(item), store));
    first.resolve();
    await Promise.all([...early, ...late]);
    assert.deepEqual(stored, [
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it("puts no two tenants into one batch, and no more than 1,000", async () => {
    const [writer, stored] = [new ResultWriter(), [] as string[]];
    const write = (tenant: string, item: number) =>
      writer.write(tenant, result(item), async (results) => void stored.push(`${tenant} ${results.length}`));
    await Promise.all([...Array.from({ length: 1_500 }, (_, item) => write("acme", item)), write("globex", 1)]);
    assert.deepEqual(stored.toSorted(), ["acme 1000", "acme 500", "globex 1"]);
  });

  it("tells every user of a batch that it failed, and stores the next one", async () => {
    const [writer, stored] = [new ResultWriter(), [] as number[][]];
    let fails = true;
    const store = async (results: readonly ItemResult[]) => {
      if (fails) throw new TypeError("no database");
      stored.push(itemsOf(results));
    };
    const both = await Promise.allSettled([writer.write("acme", result(1), store), writer.write("acme", result(2), store)]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    fails = false;
    await writer.write("acme", result(3), store);
    assert.deepEqual(stored, [[3]]);
  });
});
