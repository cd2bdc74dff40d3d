// A small project that breaks no rule: three modules, their tests and an app. Faults are planted into it.
export const sample: Readonly<Record<string, string>> = {
  "src/shared/money.ts": `export const cents = (euros: number): number => Math.round(euros * 100);\n`,
  "src/shared/mail-address.ts": `import { z } from "zod";\nexport const MailAddress = z.string().max(320);\n`,
  "src/orders/contract.ts": `import { command, event, query, role } from "plimsoll";
import { z } from "zod";
import { Order } from "./domain.ts";
export { Order };
export const orderPlaced = event("orders.placed", { data: z.object({ orderId: z.uuid() }), key: ({ orderId }) => orderId });
export const placeOrder = command("orders.place", {
  input: z.object({ productId: z.uuid() }), output: z.object({ orderId: z.uuid() }), access: role("customer"), budget: "1s", idempotent: "key",
  emits: [orderPlaced], http: "POST /v1/orders",
});
export const getOrder = query("orders.get", { input: z.object({ orderId: z.uuid() }), output: Order, access: role("customer"), budget: "1s", http: "GET /v1/orders/{orderId}" });
`,
  "src/orders/domain.ts": `import { z } from "zod";
import { cents } from "../shared/money.ts";
export const Order = z.object({ id: z.uuid(), totalCents: z.int() });
export const total = (euros: number): number => cents(euros);
`,
  "src/orders/operations/place-order.ts": `import { implement } from "plimsoll";
import * as catalog from "../../catalog/contract.ts";
import * as orders from "../contract.ts";
import { total } from "../domain.ts";
export const placeOrder = implement(orders.placeOrder, async ({ productId }, { sql, call, emit, newId }) => {
  const orderId = newId();
  await call(catalog.takeStock, { productId });
  await sql\`insert into orders.orders (id, product_id, total_cents) values (\${orderId}, \${productId}, \${total(1)})\`.run();
  emit(orders.orderPlaced, { orderId });
  return { orderId };
});
`,
  "src/orders/operations/get-order.ts": `import { implement } from "plimsoll";
import * as orders from "../contract.ts";
export const getOrder = implement(orders.getOrder, ({ orderId }, { sql }) =>
  sql(orders.Order)\`select o.id, o.total_cents from orders.orders as o where o.id = \${orderId}\`.one());
`,
  "src/orders/module.ts": `import { module } from "plimsoll";
import { orderPlaced } from "./contract.ts";
import { getOrder } from "./operations/get-order.ts";
import { placeOrder } from "./operations/place-order.ts";
export const orders = module("orders", { schema: "orders", migrations: new URL("./migrations/", import.meta.url), operations: [placeOrder, getOrder], events: [orderPlaced] });
`,
  "src/orders/migrations/0001_orders.sql": `create table orders.orders (id uuid primary key, product_id uuid not null, total_cents bigint not null);\n`,
  "src/catalog/contract.ts": `import { command, role, secret } from "plimsoll";
import { z } from "zod";
export const takeStock = command("catalog.take-stock", { input: z.object({ productId: z.uuid() }), output: z.object({}), access: role("system"), budget: "1s", idempotent: "no" });
export const importPrices = command("catalog.import-prices", { input: z.object({ apiKey: secret(z.string()) }), output: z.object({}), access: role("system"), budget: "1s", idempotent: "no" });
`,
  "src/catalog/operations/take-stock.ts": `import { implement } from "plimsoll";
import * as catalog from "../contract.ts";
export const takeStock = implement(catalog.takeStock, async ({ productId }, { sql }) => {
  await sql\`update catalog.products set stock = stock - 1 where id = \${productId}\`.run();
  return {};
});
export const importPrices = implement(catalog.importPrices, async () => ({}));
`,
  "src/catalog/module.ts": `import { module } from "plimsoll";
import { importPrices, takeStock } from "./operations/take-stock.ts";
export const catalog = module("catalog", { schema: "catalog", migrations: new URL("./migrations/", import.meta.url), operations: [takeStock, importPrices] });
`,
  "src/notices/contract.ts": `import { action, role, task } from "plimsoll";
import { z } from "zod";
import { MailAddress } from "../shared/mail-address.ts";
import { mailer } from "./mailer.ts";
export const sendMail = task("notices.send", { input: z.object({ to: MailAddress }), uses: { mailer }, budget: "30s" });
export const checkMail = action("notices.check", { input: z.object({}), output: z.object({}), access: role("system"), uses: { mailer }, budget: "3s" });
`,
  "src/notices/reactions.ts": `import { saga, subscription } from "plimsoll";
import { z } from "zod";
import { orderPlaced } from "../orders/contract.ts";
export const onPlaced = subscription("notices.on-placed", {
  on: [orderPlaced], budget: "5s",
  async run({ orderId }, { commit }) { await commit(({ sql }) => sql\`insert into notices.sent (order_id) values (\${orderId})\`.run()); },
});
export const welcome = saga("notices.welcome", { input: z.object({}), budget: "1h", async run(_, { step, call }) { await step("mail", { run: async ({ mailer }) => mailer.send() }); } });
`,
  "src/notices/mailer.ts": `import { resource } from "plimsoll";
import { createTransport } from "nodemailer";
export const mailer = resource("notices.mailer", { create: () => createTransport() });
`,
  "src/notices/client.ts": `import { request } from "undici";
const base = "https://mail.example";
export async function send(to: string): Promise<void> { await request(\`\${base}/send?to=\${to}\`); }
export const format = (to: string): string => to.trim();
`,
  "src/notices/operations/send-mail.ts": `import { implement } from "plimsoll";
import { send } from "../client.ts";
import * as notices from "../contract.ts";
export const sendMail = implement(notices.sendMail, async ({ to }) => { await send(to); });
export const checkMail = implement(notices.checkMail, async () => { await fetch("https://mail.example/health"); return {}; });
`,
  "src/notices/module.ts": `import { module } from "plimsoll";
import { onPlaced, welcome } from "./reactions.ts";
import { checkMail, sendMail } from "./operations/send-mail.ts";
export const notices = module("notices", { schema: "notices", migrations: new URL("./migrations/", import.meta.url), operations: [sendMail, checkMail, onPlaced, welcome] });
`,
  "src/settings.ts": `import { config, field } from "plimsoll";
import { z } from "zod";
export const settings = config({ PORT: field(z.int()), JWT_SECRET: field(z.string(), { secret: true }) });
`,
  "src/app.ts": `import { createApp } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { catalog } from "./catalog/module.ts";
import { notices } from "./notices/module.ts";
import { orders } from "./orders/module.ts";
export const app = createApp({ modules: [catalog, orders, notices], database: postgres({ url: "" }) });
`,
  "test/orders.test.ts": `import { placeOrder } from "../src/orders/contract.ts";
import { testApp } from "plimsoll/testing";
await app.call(placeOrder, {});
await app.fetch("GET", \`/v1/orders/\${id}\`);
`,
  "test/rest.test.ts": `await start("notices.send"); await call("notices.check"); await start("notices.welcome"); await call("catalog.import-prices");\n`,
};

/** The sample with further files, and with pieces of its files replaced. */
export function planted(change: Plant): ReadonlyMap<string, string> {
  const files = new Map(Object.entries(sample));
  for (const [path, text] of Object.entries(change.files ?? {})) files.set(path, text);
  for (const [path, pairs] of Object.entries(change.edits ?? {})) {
    let text = files.get(path) ?? "";
    for (const [from, into] of pairs) {
      if (!text.includes(from)) throw new Error(`${path} does not contain ${from}`);
      text = text.replace(from, () => into);
    }
    files.set(path, text);
  }
  return files;
}

/** What is changed in the sample. */
export interface Plant {
  readonly files?: Readonly<Record<string, string>>;
  readonly edits?: Readonly<Record<string, readonly (readonly [string, string])[]>>;
}
