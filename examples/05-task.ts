// Work that survives. Run it with: node --conditions=source examples/05-task.ts
import { command, createApp, exponential, module, override, resource, snooze, task } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

interface Mailer {
  send(mail: { readonly to: string; readonly key: string }): Promise<void>;
}
export const mailer = resource<Mailer>("mail.mailer");
const Order = z.object({ orderId: z.uuid(), email: z.email() });

export const sendReceipt = task("mail.send-receipt", {
  input: Order,
  queue: "mail",
  budget: "30s",
  retry: { attempts: 10, backoff: exponential("50ms", { max: "15m" }) },
  uses: { mailer },
  async run({ orderId, email }, { mailer, key, attempt, commit, now }) {
    if (now().getUTCFullYear() < 2000) throw snooze("1h");
    console.log(`attempt ${attempt}`);
    // It may run again after a crash. The key is the same for every attempt, so the mailer can drop a repeated one.
    await mailer.send({ to: email, key });
    // What is ours happens exactly once: the row and the end of the task are one transaction.
    await commit(({ sql }) => sql`insert into mail.receipts (order_id) values (${orderId})`.run());
  },
});

export const placeOrder = command("mail.place-order", {
  input: Order,
  output: z.object({ taskId: z.string() }),
  access: "public",
  idempotent: "no",
  budget: "1s",
  // The task exists if and when this transaction commits.
  run: async (order, { start }) => ({ taskId: (await start(sendReceipt, order)).id }),
});

export const mail = module("mail", {
  schema: "mail",
  migrations: new URL("./05-task/", import.meta.url),
  operations: [sendReceipt, placeOrder],
});

if (import.meta.main) {
  let outages = 1;
  const flaky: Mailer = {
    async send({ to }) {
      if (outages-- > 0) throw new Error("the mail server does not answer");
      console.log(`mailed ${to}`);
    },
  };
  const app = createApp({
    modules: [mail],
    database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
    provide: [override(mailer, flaky)],
    tasks: { queues: { mail: { concurrency: 10 } } },
  });
  await app.start();
  const completed = app.tasks.signals.ended.next(({ outcome }) => outcome === "completed");
  await app.call(placeOrder, { orderId: crypto.randomUUID(), email: "ada@example.com" });
  await completed;
  console.log((await app.tasks.stats())[0]?.waiting, "waiting");
  await app.stop();
}
