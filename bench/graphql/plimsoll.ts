// Plimsoll over GraphQL with everything on: validation in and out, JWT, row-level security, rates, admission, deadlines, a JSON access log, histograms and spans.
import { z } from "zod";
import { jwt } from "../../src/auth/index.ts";
import { graphql, relates } from "../../src/graphql/index.ts";
import { http } from "../../src/http/index.ts";
import { action, claim, createApp, module, query, role, supervise } from "../../src/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import { logs, prometheus } from "../../src/telemetry/index.ts";
import { expected, secret } from "../http/token.ts";
import { connections } from "./asked.ts";

const Order = z
  .object({ id: z.uuid(), totalCents: z.int(), status: z.enum(["placed", "paid"]), customerId: z.uuid() })
  .meta({ id: "Order" });
const Customer = z.object({ id: z.uuid(), name: z.string(), city: z.string() }).meta({ id: "Customer" });
const budget = { deadline: "10s", concurrency: 64, queue: 1_000 } as const;
const common = { access: role("customer"), budget } as const;

const readOrders = query("orders.list", {
  ...{
    ...common,
    graphql: "orders",
    input: z.object({ first: z.int().min(1).max(50) }),
    output: z.object({ items: z.array(Order).max(50) }),
  },
  run: async ({ first }, { sql }) => ({
    items: await sql(Order)`select id, total_cents, status, customer_id from bench_hand.orders order by id limit ${first}`.many(),
  }),
});
const readCustomers = query("orders.customers", {
  ...{ ...common, input: z.object({ ids: z.array(z.uuid()).max(100) }), output: z.object({ customers: z.array(Customer).max(100) }) },
  run: async ({ ids }, { sql }) => ({
    customers: await sql(Customer)`select id, name, city from bench_hand.customers where id = any(${ids}::uuid[])`.many(),
  }),
});
/** Documents that came back with an error have the status 200: the bench asks how many there were. */
let failures = 0;
const readFailures = action("orders.failures", {
  ...{ ...common, graphql: "failures", input: z.object({}), output: z.object({ count: z.int() }), idempotent: "natural" },
  run: async () => ({ count: failures }),
});

const app = createApp({
  service: { name: "bench", version: "1.0.0" },
  modules: [module("orders", { operations: [readOrders, readCustomers, readFailures] })],
  database: postgres({ url: process.env.DATABASE as string, adminUrl: process.env.ADMIN_DATABASE as string, connections }),
  tenancy: claim("tid"),
  authentication: jwt({ keys: [{ algorithm: "HS256", secret }], ...expected }),
  ...{ rateLimit: { perSecond: 1_000_000_000 }, sample: 0.01 },
  surfaces: [
    graphql({
      relations: [
        relates({
          from: Order,
          field: "customer",
          key: "customerId",
          through: readCustomers,
          input: "ids",
          items: "customers",
          match: "id",
        }),
      ],
    }),
    http({ port: Number(process.env.PORT), host: "127.0.0.1" }),
  ],
  telemetry: [logs({ destination: { file: "/dev/null" } }), prometheus()],
});
app.signals.executed.on(({ fault }) => {
  if (fault !== undefined) failures++;
});
await supervise(app);
// On a machine that other programs share, requests that come late in a turn of the loop would be refused; the peers refuse none.
app.loadLines.setMode("turn age", "measure", "the bench counts what every server does of the same load");
console.log("ready");
