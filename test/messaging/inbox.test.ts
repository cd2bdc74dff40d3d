import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { MemoryBroker, type TestApp, type TestDatabase } from "plimsoll/testing";
import { seen } from "../integration/scratch.ts";
import { emptyShop, type Shipping, salesWith, sell, shipOnce, shipped, shippingWith, shopApp, shopDatabase } from "./shop.ts";

const from = (count: number, first = 0) => Array.from({ length: count }, (_, n) => first + n);

/** A message as another service writes it. */
const message = (id: string, data: object, headers: Readonly<Record<string, string | undefined>> = {}) => ({
  headers: {
    ...{ "content-type": "application/json", "ce-specversion": "1.0", "ce-type": "sales.sold", "ce-source": "/other", "ce-id": id },
    ...{ "ce-eventversion": "2", "ce-partitionkey": "a", ...headers },
  },
  body: Buffer.from(JSON.stringify(data)),
});
const sale = (n: number, headers?: Parameters<typeof message>[2]) => message(`sale-${n}`, { customer: "a", n }, headers);

describe("an inbox", () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];
  const start = async (broker: MemoryBroker, run?: Shipping) => {
    const app = await shopApp(database, { modules: [shippingWith(broker, run)] });
    apps.push(app);
    return app;
  };
  const untilShipped = (count: number) => seen(database.adminUrl, `select from shipping.shipped having count(*) >= ${count}`);
  before(async () => {
    database = await shopDatabase();
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.app.stop({ withinMs: 100 })));
    await emptyShop(database);
  });
  after(() => database.drop());

  it("leaves out what comes twice, in one batch or later, and what comes late out of its order", async () => {
    const broker = new MemoryBroker();
    const app = await start(broker);
    let duplicates = 0;
    app.app.messaging.signals.received.on((received) => {
      duplicates += received.duplicates;
    });
    for (const n of [0, 1, 1, 0, 2]) broker.put(sale(n));
    await untilShipped(3);
    for (const n of [1, 3, 0, 2, 3, 4]) broker.put(sale(n));
    await untilShipped(5);
    assert.deepEqual(await shipped(database), { a: from(5) });
    assert.equal(duplicates, 6);
  });

  it("takes the same id of another source for another message", async () => {
    const broker = new MemoryBroker();
    broker.put(sale(1));
    broker.put(sale(1, { "ce-source": "/elsewhere" }));
    await start(broker);
    await untilShipped(2);
    assert.deepEqual(await shipped(database), { a: [1, 1] });
  });

  const poison = [
    ["no CloudEvent at all", { headers: {}, body: Buffer.from("hello") }, /not a CloudEvent/],
    ["broken JSON", { ...sale(9), body: Buffer.from("{") }, /JSON cannot be read/],
    ["no id", sale(9, { "ce-id": undefined }), /id is missing/],
    ["data that is no object", message("list", []), /not an object of JSON/],
    ["a version that is none", sale(9, { "ce-eventversion": "two" }), /eventversion/],
    ["a key with a line break", sale(9, { "ce-partitionkey": "a%0Ab" }), /control characters/],
    ["data that is too large", message("large", { customer: "a", n: 9, note: "x".repeat(70_000) }), /more than 65536 bytes/],
    ["a tenant that is too long", sale(9, { "ce-tenant": "t".repeat(300) }), /tenant/],
    ["a header twice", { ...sale(9), headers: { ...sale(9).headers, "ce-id": ["a", "b"] } }, /more than once/],
  ] as const;
  it("keeps what cannot be received with its reason and its bytes, and holds nothing up", async () => {
    const broker = new MemoryBroker();
    for (const [, bad] of poison) broker.put(bad);
    broker.put(sale(1));
    const app = await start(broker);
    await untilShipped(1);
    const letters = await app.app.messaging.deadLetters();
    assert.equal(letters.length, poison.length);
    const byPlace = letters.toSorted((one, other) => one.place.localeCompare(other.place));
    for (const [at, [what, bad, reason]] of poison.entries()) {
      assert.match(byPlace[at]!.reason, reason, what);
      const kept = Buffer.from(byPlace[at]!.body, "base64");
      assert.deepEqual(kept, Buffer.from(bad.body).subarray(0, 65_536), what);
    }
    const [stats] = await app.app.messaging.receiving();
    assert.deepEqual(
      [stats?.name, stats?.broker, stats?.refused, stats?.shards],
      ["shipping.on-sold", "memory", poison.length, { "0": String(poison.length + 1) }],
    );
  });

  it("passes over what is of another type", async () => {
    const broker = new MemoryBroker();
    broker.put(sale(1, { "ce-type": "sales.refunded" }));
    broker.put(sale(2));
    const app = await start(broker);
    await untilShipped(1);
    assert.deepEqual([await shipped(database), await app.app.messaging.deadLetters()], [{ a: [2] }, []]);
  });

  it("brings an earlier version to the current one, and makes a dead letter of data and versions that the code does not take", async () => {
    const broker = new MemoryBroker();
    broker.put(message("old", { customer: "a", number: 1 }, { "ce-eventversion": "1" }));
    broker.put(message("future", { customer: "a", n: 2 }, { "ce-eventversion": "3" }));
    broker.put(message("wrong", { customer: "a", n: "three" }));
    broker.put(sale(4));
    const app = await start(broker);
    await untilShipped(2);
    assert.deepEqual(await shipped(database), { a: [1, 4] });
    const [{ note }] = (await database.admin<{ note: string }>("select note from shipping.shipped where n = 1")) as [{ note: string }];
    assert.equal(note, "from version 1");
    const letters = await app.app.events.deadLetters();
    assert.deepEqual(letters.map(({ code }) => code).toSorted(), ["event_unknown", "invalid_input"]);
  });

  it("retries what its handler fails at, and holds up its key alone", async () => {
    const broker = new MemoryBroker();
    let failures = 2;
    for (const n of from(4)) broker.put(sale(n));
    for (const n of from(4)) broker.put(message(`b-${n}`, { customer: "b", n }, { "ce-partitionkey": "b" }));
    await start(broker, async (data, scope) => {
      if (data.customer === "a" && data.n === 0 && failures-- > 0) throw new RangeError("as the test wants");
      await shipOnce(data, scope);
    });
    await untilShipped(8);
    assert.deepEqual(await shipped(database), { a: from(4), b: from(4) });
  });

  for (const form of ["log", "queue"] as const)
    it(`stores a batch once where the broker does not hear that it was stored, over a ${form}`, async () => {
      const broker = new MemoryBroker({ form });
      broker.losesAcknowledgements = 3;
      for (const n of from(10)) broker.put(sale(n));
      await start(broker);
      await untilShipped(10);
      for (const n of from(5, 10)) broker.put(sale(n));
      await untilShipped(15);
      assert.deepEqual(await shipped(database), { a: from(15) });
    });

  it("is received by one process at a time, and by another once that has ended", async () => {
    const broker = new MemoryBroker({ form: "queue" });
    const one = await start(broker);
    for (const n of from(5)) broker.put(sale(n));
    await untilShipped(5);
    const other = await start(broker);
    assert.equal((await other.app.messaging.receiving())[0]?.isReceiving, false);
    const receiving = other.app.messaging.signals.receiving.next(({ isOpen }) => isOpen);
    apps.splice(apps.indexOf(one), 1);
    await one.app.stop({ withinMs: 100 });
    await receiving;
    for (const n of from(5, 5)) broker.put(sale(n));
    await untilShipped(10);
    assert.deepEqual(await shipped(database), { a: from(10) });
  });

  it("waits while the broker is away, as a relay does, and goes on by itself", async () => {
    const broker = new MemoryBroker();
    broker.isDown = true;
    const app = await shopApp(database, { modules: [salesWith(broker), shippingWith(broker)] });
    apps.push(app);
    const waits = app.app.events.signals.handled.next(({ outcome }) => outcome === "waits");
    await app.call(sell, { customer: "a", numbers: from(5) });
    await waits;
    const [relay] = await app.app.messaging.relays();
    assert.deepEqual([relay?.parked, relay?.stopped, relay?.broker], [0, 0, "memory"]);
    broker.isDown = false;
    await untilShipped(5);
    assert.deepEqual(await shipped(database), { a: from(5) });
  });
});
