import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { MemoryBroker, type TestApp, type TestDatabase } from "plimsoll/testing";
import { seen } from "../integration/scratch.ts";
import { emptyShop, salesWith, sell, shipOnce, shipped, shippingWith, shopApp, shopDatabase } from "./shop.ts";

const from = (count: number, first = 0) => Array.from({ length: count }, (_, n) => first + n);

describe("a relay, and a subscription that receives", () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];
  const start = async (...modules: Parameters<typeof shopApp>[1]["modules"]) => {
    const app = await shopApp(database, { modules });
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

  for (const form of ["log", "queue"] as const)
    it(`carry every event once and in the order of its key, over a ${form}`, async () => {
      const broker = new MemoryBroker({ form, shards: 3 });
      const app = await start(salesWith(broker), shippingWith(broker));
      for (const n of from(20)) for (const customer of ["a", "b", "c"]) await app.call(sell, { customer, numbers: [2 * n, 2 * n + 1] });
      await untilShipped(120);
      assert.deepEqual(await shipped(database), { a: from(40), b: from(40), c: from(40) });
      assert.equal(broker.messages.length, 120);
    });

  it("write a CloudEvent in the binary form, with whom, of which trace, and by what it is known again", async () => {
    const broker = new MemoryBroker();
    const app = await start(salesWith(broker));
    const executed = app.executed(sell);
    await app.call(sell, { customer: "a", numbers: [7] });
    const { traceId, requestId } = await executed;
    await app.app.events.lookNow();
    await seen(database.adminUrl, "select from plimsoll.subscription_partitions where seq > 0");
    const [message] = broker.messages;
    const {
      "ce-id": id,
      "ce-time": time,
      "ce-position": position,
      "ce-traceparent": trace,
      ...headers
    } = message!.headers as Record<string, string>;
    assert.deepEqual(headers, {
      ...{ "content-type": "application/json", "ce-specversion": "1.0", "ce-type": "sales.sold", "ce-source": "urn:plimsoll:sales" },
      ...{ "ce-tenant": "acme", "ce-actor": "ann", "ce-partitionkey": "a", "ce-eventversion": "2" },
      ...{ "ce-causationid": requestId, "ce-correlationid": requestId },
    });
    assert.match(String(id), /^[0-9a-f-]{36}$/);
    assert.ok(!Number.isNaN(Date.parse(String(time))) && /^\d+\/\d+\/\d+$/.test(String(position)));
    assert.equal(String(trace).split("-")[1], traceId);
    assert.equal(Buffer.from(message!.body).toString(), '{"customer":"a","n":7,"note":""}');
  });

  it("give the handler the event of its sender: its name, its tenant, its trace, and what caused it", async () => {
    const broker = new MemoryBroker();
    const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>();
    const app = await start(
      salesWith(broker),
      shippingWith(broker, async (data, scope) => {
        resolve({ data, ...scope.event, scoped: scope.tenant });
        await shipOnce(data, scope);
      }),
    );
    const executed = app.executed(sell);
    await app.call(sell, { customer: "a", numbers: [7] });
    const { id: _, recordedAt: __, position: ___, traceparent, causation, ...found } = await promise;
    const { traceId, requestId } = await executed;
    assert.deepEqual(found, {
      ...{ data: { customer: "a", n: 7, note: "" }, name: "sales.sold", version: 2, key: "a" },
      ...{ tenant: "acme", scoped: "acme", actor: "ann", correlation: requestId },
    });
    assert.equal(String(traceparent).split("-")[1], traceId);
    assert.equal(causation, String(broker.messages[0]!.headers["ce-id"]));
    await untilShipped(1);
  });
});
