// A checkout of several steps, which undoes what it has done when a later step fails. Run it with: node --conditions=source examples/sagas/checkout.ts
import { randomUUID } from "node:crypto";
import { command, createApp, exponential, fault, module, resource, saga, signedIn } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

const SoldOut = fault("sold_out", { code: "failed_precondition", message: "It is sold out." });

interface Call {
  readonly key: string;
  readonly signal: AbortSignal;
}
const log: string[] = [];
const payments = resource("payments", {
  create: () => ({
    charge: async ({ cents }: Call & { readonly cents: number }) => {
      log.push(`charged ${cents}`);
      return { chargeId: "ch_1" };
    },
    void: async (_: Call) => void log.push("voided the charge"),
  }),
});
const stock = resource("stock", {
  create: () => ({
    take: async ({ article }: Call & { readonly article: string }) => {
      if (article === "last") throw new SoldOut({});
      log.push(`took ${article}`);
    },
  }),
});

const markPaid = command("sales.mark-paid", {
  input: z.object({ orderId: z.uuid(), chargeId: z.string() }),
  output: z.object({}),
  access: signedIn(),
  budget: "1s",
  idempotent: "natural",
  async run({ orderId, chargeId }, { sql }) {
    await sql`insert into sales.orders (id, charge) values (${orderId}, ${chargeId})`.run();
    return {};
  },
});

const checkout = saga("sales.checkout", {
  input: z.object({ orderId: z.uuid(), article: z.string(), cents: z.int() }),
  budget: "1h",
  retry: { attempts: 5, backoff: exponential("1s", { max: "1m" }) },
  uses: { payments, stock },
  async run({ orderId, article, cents }, { step, call, sleep }) {
    const { chargeId } = await step("charge", {
      run: ({ payments, key, signal }) => payments.charge({ cents, key, signal }),
      // By key: a charge that timed out may have happened.
      undo: ({ payments, key, signal }) => payments.void({ key, signal }),
    });
    // For a moment in which the customer may think again; no process waits for it.
    await sleep("think-again", "50ms");
    await step("take", ({ stock, key, signal }) => stock.take({ article, key, signal }));
    // The row and the record of this step are one transaction.
    await call("mark-paid", markPaid, { orderId, chargeId });
    return `order of ${article} paid with ${chargeId}`;
  },
});

const sales = module("sales", {
  schema: "sales",
  migrations: new URL("./sales/", import.meta.url),
  operations: [markPaid, checkout],
});

if (import.meta.main) {
  const app = createApp({ modules: [sales], database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }) });
  await app.start();
  for (const article of ["apple", "last"]) {
    const orderId = randomUUID();
    // The same key starts no second saga.
    const { id } = await app.sagas.start(checkout, { orderId, article, cents: 1_200 }, { key: orderId });
    const ended = await app.sagas.result(checkout, id).catch((error: Error) => `${article}: ${error.message}`);
    console.log(`${log.splice(0).join(", ")}: ${ended}`);
  }
  await app.stop();
}
