import { command, event, exponential, module, relay, type SubscriptionScope, signedIn, subscription } from "plimsoll";
import type { ReceiverSource, SenderSource } from "plimsoll/ports";
import { type TestAppSpec, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";

// A service that sells, and one that ships: they know each other's events, and meet at a broker.

const shared = { access: signedIn(), budget: "20s", idempotent: "natural" } as const;

export const sold = event("sales.sold", {
  version: 2,
  data: z.object({ customer: z.string(), n: z.int(), note: z.string().default("") }),
  key: ({ customer }) => customer,
  upcast: { 1: ({ customer, number }: { customer: string; number: number }) => ({ customer, n: number, note: "from version 1" }) },
});

/** Emits what is sold, in one transaction. */
export const sell = command("sales.sell", {
  ...shared,
  // Repeated under its key, where it is not known whether it was committed.
  idempotent: "key",
  input: z.object({ customer: z.string(), numbers: z.array(z.int()), note: z.string().optional() }),
  output: z.object({}),
  emits: [sold],
  async run({ customer, numbers, note }, { emit }) {
    for (const n of numbers) emit(sold, { customer, n, note });
    return {};
  },
});

/** Writes that something was shipped, as often as it is called. */
export const ship = command("shipping.ship", {
  ...shared,
  input: z.object({ customer: z.string(), n: z.int(), note: z.string() }),
  output: z.object({}),
  async run({ customer, n, note }, { sql }) {
    await sql`insert into shipping.shipped (customer, n, note) values (${customer}, ${n}, ${note})`.run();
    return {};
  },
});

export type Shipping = (data: { customer: string; n: number; note: string }, scope: SubscriptionScope) => Promise<unknown>;

/** Ships once. */
export const shipOnce: Shipping = (data, { commit }) => commit(({ call }) => call(ship, data));

const soon = exponential("1ms", { max: "20ms" });

export const salesWith = (to: SenderSource, options: Partial<Parameters<typeof relay<typeof sold>>[1]> = {}) =>
  module("sales", { operations: [sell, relay("sales.to-bus", { on: [sold], to, backoff: soon, ...options })], events: [sold] });

export const shippingWith = (from: ReceiverSource, run: Shipping = shipOnce) =>
  module("shipping", {
    ...{ schema: "shipping", migrations: new URL("./migrations/", import.meta.url) },
    operations: [
      ship,
      subscription("shipping.on-sold", {
        on: [sold],
        from,
        budget: "20s",
        retry: { attempts: 3, backoff: soon },
        run: (data, scope) => run(data, scope),
      }),
    ],
  });

const nowhere = { broker: "none", openSender: never, openReceiver: never };

export const shopDatabase = (): Promise<TestDatabase> => testDatabase({ modules: [salesWith(nowhere), shippingWith(nowhere)] });

export const shopApp = (database: TestDatabase, spec: Pick<TestAppSpec, "modules"> & Partial<TestAppSpec>) =>
  testApp({ database, actor: testActor({ id: "ann", tenant: "acme" }), ...spec });

/** What was shipped to each customer, in the order in which it was committed. */
export async function shipped(database: TestDatabase): Promise<Readonly<Record<string, readonly number[]>>> {
  const rows = await database.admin<{ customer: string; n: number }>("select customer, n from shipping.shipped order by id");
  const byCustomer = [...Map.groupBy(rows, ({ customer }) => customer)];
  return Object.fromEntries(byCustomer.map(([customer, own]) => [customer, own.map(({ n }) => n)]));
}

/** Forgets all events, subscriptions and messages. */
export async function emptyShop(database: TestDatabase): Promise<void> {
  await database.admin(
    `delete from plimsoll.subscriptions; delete from plimsoll.event_workers; truncate plimsoll.events, plimsoll.inboxes, plimsoll.inbox_messages,
      plimsoll.inbox_dead_letters, plimsoll.locks, shipping.shipped`,
  );
}

function never(): never {
  throw new RangeError("no test opens it");
}
