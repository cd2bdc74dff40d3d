// A module that says what happened, and two that react to it. Run it with: node --conditions=source examples/reactions/order-placed.ts
import { command, createApp, event, exponential, module, override, resource, subscription } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

const orderPlaced = event("orders.placed", {
  summary: "An order was placed",
  data: z.object({ orderId: z.uuid(), customer: z.string(), totalCents: z.int() }),
  key: ({ customer }) => customer,
});

const placeOrder = command("orders.place", {
  input: z.object({ customer: z.string(), totalCents: z.int() }),
  output: z.object({ orderId: z.uuid() }),
  access: "public",
  idempotent: "no",
  budget: "1s",
  emits: [orderPlaced],
  async run({ customer, totalCents }, { sql, newId, emit }) {
    const orderId = newId();
    await sql`insert into orders.orders (id, customer, total_cents) values (${orderId}, ${customer}, ${totalCents})`.run();
    // It is recorded if and when this transaction commits.
    emit(orderPlaced, { orderId, customer, totalCents });
    return { orderId };
  },
});

const orders = module("orders", {
  schema: "orders",
  migrations: new URL("./orders/", import.meta.url),
  operations: [placeOrder],
  events: [orderPlaced],
});

interface Mailer {
  send(mail: { readonly to: string; readonly key: string; readonly signal: AbortSignal }): Promise<void>;
}
const mailer = resource<Mailer>("notices.mailer");

const confirm = subscription("notices.on-placed", {
  on: [orderPlaced],
  budget: "10s",
  retry: { attempts: 10, backoff: exponential("50ms", { max: "15m" }) },
  uses: { mailer },
  async run({ customer }, { mailer, key, signal }) {
    // It may run again after a crash. The key is the same for every attempt.
    await mailer.send({ to: customer, key, signal });
  },
});

const collect = subscription("bonus.on-placed", {
  on: [orderPlaced],
  from: "beginning",
  onFailure: "stop",
  budget: "5s",
  async run({ customer, totalCents }, { commit }) {
    const points = Math.floor(totalCents / 100);
    // The points and the end of the event are one transaction: they are added exactly once.
    await commit(({ sql }) =>
      sql`insert into bonus.points as p (customer, points) values (${customer}, ${points})
        on conflict (customer) do update set points = p.points + excluded.points`.run(),
    );
  },
});

const notices = module("notices", { operations: [confirm] });
const bonus = module("bonus", { schema: "bonus", migrations: new URL("./bonus/", import.meta.url), operations: [collect] });

if (import.meta.main) {
  let outages = 1;
  const flaky: Mailer = {
    async send({ to }) {
      if (outages-- > 0) throw new Error("the mail server does not answer");
      console.log(`mailed ${to}`);
    },
  };
  const app = createApp({
    modules: [orders, notices, bonus],
    database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
    provide: [override(mailer, flaky)],
  });
  await app.start();
  const { handled } = app.events.signals;
  const done = (name: string) => handled.next(({ subscription: by, outcome }) => by === name && outcome === "done");
  const both = Promise.all([done("notices.on-placed"), done("bonus.on-placed")]);
  await app.call(placeOrder, { customer: "ada@example.com", totalCents: 1_250 });
  await both;
  // Other apps may have left theirs in the same database.
  const state = (await app.events.subscriptions()).find(({ name }) => name === "bonus.on-placed");
  console.log(`${state?.name}: ${state?.deadLetters} dead letters`);
  await app.stop();
}
