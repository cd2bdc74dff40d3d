import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { MessageSender, OutgoingMessage, SenderSource } from "plimsoll/ports";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { Fault } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";
import { seen } from "../integration/scratch.ts";
import { emptyShop, salesWith, sell, shopApp, shopDatabase } from "./shop.ts";

/** What a broker does with a message: nothing until its `confirm`, or a fault. */
interface Sent {
  readonly key: string;
  readonly n: number;
  confirm(): void;
  refuse(fault: Fault): void;
}

/** A broker that confirms when a test says so, and knows what is under way. */
class HeldBroker implements SenderSource, MessageSender {
  readonly broker = "held";
  readonly sent: Sent[] = [];
  readonly underWay = new Map<string, number>();
  most = 0;
  mostOfKey = 0;
  /** Called with each message, once it is under way. */
  onSend: (message: Sent) => void = () => undefined;
  #arrived = Promise.withResolvers<void>();

  openSender = async () => this;
  close = async () => undefined;

  send({ key, body }: OutgoingMessage): Promise<void> {
    const { n } = JSON.parse(body) as { n: number };
    this.underWay.set(key, (this.underWay.get(key) ?? 0) + 1);
    this.most = Math.max(
      this.most,
      [...this.underWay.values()].reduce((sum, count) => sum + count, 0),
    );
    this.mostOfKey = Math.max(this.mostOfKey, ...this.underWay.values());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const message = { key, n, confirm: resolve, refuse: reject };
    this.sent.push(message);
    this.#arrived.resolve();
    this.onSend(message);
    return promise.finally(() => void this.underWay.set(key, this.underWay.get(key)! - 1));
  }

  async until(count: number): Promise<void> {
    while (this.sent.length < count) {
      this.#arrived = Promise.withResolvers();
      await this.#arrived.promise;
    }
  }
}

const unavailable = () => new Fault({ code: "unavailable", type: "broker_unavailable", message: "The broker is away. Try again." });
const refused = () => new Fault({ code: "invalid_argument", type: "message_refused", message: "The broker does not take it. Skip it." });

describe("what a relay has under way at once in one partition", () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];
  before(async () => {
    database = await shopDatabase();
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.app.stop({ withinMs: 100 })));
    await emptyShop(database);
  });
  after(() => database.drop());

  /** One transaction, so that all of it is read at once. */
  async function selling(
    broker: HeldBroker,
    customers: readonly string[],
    options: Parameters<typeof salesWith>[1] = {},
  ): Promise<TestApp> {
    const app = await shopApp(database, { modules: [salesWith(broker, { partitions: 1, ...options })] });
    apps.push(app);
    await app.app.events.pause("sales.to-bus");
    for (const [n, customer] of customers.entries()) await app.call(sell, { customer, numbers: [n] });
    await untilReadable(customers.length);
    await app.app.events.resume("sales.to-bus");
    return app;
  }
  /** A transaction that is under way, in any database of the server, keeps what was committed behind it from readers. */
  const untilReadable = (count: number) =>
    seen(
      database.adminUrl,
      `select where (select count(*) from plimsoll.events e, plimsoll.event_head() h where (e.epoch, e.xid, e.seq) <= (h.epoch, h.xid, h.seq)) >= ${count}`,
    );
  const untilRead = (count: number) =>
    seen(
      database.adminUrl,
      `select from plimsoll.subscription_partitions t where (select count(*) from plimsoll.events e where (e.epoch, e.xid, e.seq) <= (t.epoch, t.xid, t.seq)) >= ${count}`,
    );
  const numbers = (broker: HeldBroker) => broker.sent.map(({ n }) => n);

  it("is a message of each of several keys, up to the limit", async () => {
    const broker = new HeldBroker();
    const many = limits.relayAtOnce + 3;
    await selling(
      broker,
      Array.from({ length: many }, (_, n) => `k${n}`),
    );
    await broker.until(limits.relayAtOnce);
    assert.equal(broker.most, limits.relayAtOnce);
    broker.onSend = ({ confirm }) => confirm();
    for (const { confirm } of broker.sent) confirm();
    await untilRead(many);
    assert.deepEqual(
      numbers(broker).toSorted((a, b) => a - b),
      Array.from({ length: many }, (_, n) => n),
      "each once",
    );
  });

  it("is never two messages of one key, and none before one of its key", async () => {
    const broker = new HeldBroker();
    const customers = Array.from({ length: 60 }, (_, n) => `k${(n * 7) % 5}`);
    let held: Sent[] = [];
    broker.onSend = (message) => {
      // Confirmed in another order than they were sent.
      held.push(message);
      setImmediate(() => {
        for (const { confirm } of held.toReversed()) confirm();
        held = [];
      });
    };
    await selling(broker, customers);
    await untilRead(60);
    assert.equal(broker.mostOfKey, 1);
    assert.ok(broker.most > 1, `${broker.most}`);
    for (const key of new Set(customers)) {
      const own = broker.sent.filter((one) => one.key === key).map(({ n }) => n);
      assert.deepEqual(
        own,
        own.toSorted((a, b) => a - b),
      );
    }
    assert.equal(broker.sent.length, 60);
  });

  it("waits for one that cannot be sent now, and sends the others once", async () => {
    const broker = new HeldBroker();
    let failures = 3;
    broker.onSend = ({ key, confirm, refuse }) => (key === "k1" && failures-- > 0 ? refuse(unavailable()) : confirm());
    await selling(broker, ["k0", "k1", "k2", "k2", "k0"]);
    await untilRead(5);
    assert.deepEqual(
      numbers(broker).toSorted((a, b) => a - b),
      [0, 1, 1, 1, 1, 2, 3, 4],
    );
    assert.ok(numbers(broker).lastIndexOf(1) < numbers(broker).indexOf(3), "the position stays until it is confirmed");
  });

  it("sends nothing again behind one that is refused while no more may be parked", async () => {
    const broker = new HeldBroker();
    let refuses = true;
    broker.onSend = ({ key, confirm, refuse }) => (key === "k0" && refuses ? refuse(refused()) : confirm());
    const app = await selling(broker, []);
    const { events } = app.app;
    await database.admin(`insert into plimsoll.parked_events (subscription, partition, order_key, epoch, xid, seq, due, attempt, id, name, version, key, recorded_at, data)
      select 'sales.to-bus', 0, 'x' || n, 0, '1', n, 'infinity', 1, gen_random_uuid(), 'sales.sold', 1, 'k', now(), '{}' from generate_series(1, ${limits.eventsParked}) n`);
    await events.pause("sales.to-bus");
    for (let n = 0; n < limits.relayAtOnce; n++) await app.call(sell, { customer: `k${n}`, numbers: [n] });
    let full = events.signals.full.next();
    await events.resume("sales.to-bus");
    for (let look = 0; look < 3; look++) {
      await full;
      full = events.signals.full.next();
      await events.lookNow();
    }
    const others = () =>
      numbers(broker)
        .filter((n) => n !== 0)
        .toSorted((a, b) => a - b);
    assert.deepEqual(others(), [1, 2, 3, 4, 5, 6, 7]);
    refuses = false;
    await events.lookNow();
    await untilRead(8);
    assert.deepEqual(others(), [1, 2, 3, 4, 5, 6, 7]);
  });

  it("stops the key of one that is refused, and sends the others once", async () => {
    const broker = new HeldBroker();
    broker.onSend = ({ key, confirm, refuse }) => (key === "k1" ? refuse(refused()) : confirm());
    const app = await selling(broker, ["k0", "k1", "k2", "k1", "k0"]);
    await untilRead(5);
    assert.deepEqual(
      numbers(broker)
        .filter((n) => n !== 1)
        .toSorted((a, b) => a - b),
      [0, 2, 4],
      "the second of k1 is held behind the first",
    );
    const [found] = await app.app.events.subscriptions();
    assert.equal(found?.parked, 2);
  });
});
