// The shop as four services, each a process of its own: a checkout through all of them, while one is killed in the middle.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createApp, type Module } from "plimsoll";
import { remote } from "plimsoll/remote";
import { catalog } from "../../../examples/shop/catalog/module.ts";
import { identity } from "../../../examples/shop/identity/module.ts";
import { orders } from "../../../examples/shop/orders/module.ts";
import { readBooks } from "../../../examples/shop/provider/books.ts";
import { seed } from "../../../examples/shop/seed.ts";
import { Fleet } from "../../../examples/shop/services/fleet.ts";
import { adminToken } from "../../../examples/shop/services/gateways.ts";
import { openInServices } from "../../../examples/shop/services/opening.ts";
import { parts, type ServiceName } from "../../../examples/shop/services/services.ts";
import { modules } from "../../../examples/shop/shop.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";
import { ProviderProcess } from "../shop/payments/provider-process.ts";

const secret = "mYq3v9Zt7Lw0sXcE5rUbN8hJ2kPdGfA1";
const directory = mkdtempSync(join(tmpdir(), "plimsoll-services-"));
const books = join(directory, "books.jsonl");
let database: TestDatabase;
let provider: ProviderProcess;
let fleet: Fleet;
let token = "";

before(async () => {
  [database, provider] = await Promise.all([testDatabase({ modules }), ProviderProcess.start({ books })]);
  fleet = await Fleet.start({
    ...{ secret, directory, mailDirectory: join(directory, "mail") },
    database: { url: database.url, adminUrl: database.adminUrl },
    pays: { url: provider.url, allow: ["127.0.0.1"], secret: `whsec_${Buffer.alloc(24, 7).toString("base64")}` },
  });
  token = (await openInServices(fleet.given)).people.find(({ name }) => name === "Ben")?.token ?? assert.fail();
});
after(async () => {
  await fleet?.stop();
  await provider?.kill();
  await database?.drop();
  rmSync(directory, { recursive: true, force: true });
});

interface Ask {
  readonly key?: string;
  readonly body?: unknown;
  readonly by?: string;
  readonly at?: string;
}

async function ask(line: string, { key, body, by = token, at = fleet.url }: Ask = {}) {
  const [method = "", path] = line.split(" ");
  const response = await fetch(`${at}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${by}`,
      ...(key !== undefined && { "idempotency-key": key }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON came; the assertions say what is expected of it.
  return { status: response.status, body: (await response.json()) as any };
}

const longestMs = 90_000;

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + longestMs;
  while (!(await holds())) {
    assert(performance.now() < end, `not within ${longestMs} ms`);
    await pause(50);
  }
}

/** Asks again, with the same key, as long as no reply says what happened. */
async function untilReplied(line: string, options: Ask) {
  let reply: Awaited<ReturnType<typeof ask>> | undefined;
  await until(async () => {
    reply = await ask(line, options).catch(() => undefined);
    return reply !== undefined && reply.status < 500;
  });
  return reply as Awaited<ReturnType<typeof ask>>;
}

const count = async (text: string) => Number((await database.admin<{ n: string }>(`select (${text})::text as n`))[0]?.n);

it("a tenant's token opens the shop and not the API of administrators, whose token opens nothing else", async () => {
  const admin = await adminToken(secret, "acme");
  assert.equal((await ask("GET /v1/products?limit=1")).status, 200);
  assert.equal((await ask("GET /v1/users")).status, 404);
  assert.equal((await ask("GET /v1/users", { at: fleet.adminUrl })).status, 401);
  assert.equal((await ask("GET /v1/users", { at: fleet.adminUrl, by: admin })).body.items.length, 3);
  assert.equal((await ask("GET /v1/orders", { at: fleet.adminUrl, by: admin })).status, 404);
  assert.equal((await ask("GET /v1/products?limit=1", { by: admin })).status, 401);
});

/** What a page lacks of it while a service is away. */
const missing: Readonly<Record<ServiceName, readonly string[]>> = {
  identity: [],
  orders: ["orders", "products"],
  payments: ["checkouts"],
  gateway: [],
};
let productId = "";
let stock = 0;
const bought: string[] = [];

async function buy(key: string): Promise<string> {
  const { status, body } = await untilReplied("POST /v1/checkouts", { key, body: { lines: [{ productId, quantity: 1 }] } });
  assert.equal(status, 202, JSON.stringify(body));
  return body.checkoutId;
}

/** All of them paid, and each only once, wherever one looks. */
async function arePaid(ids: readonly string[]): Promise<void> {
  const listed = ids.map((id) => `'${id}'`).join(", ");
  await until(
    async () => (await count(`select count(*) from payments.checkouts where id in (${listed}) and state = 'paid'`)) === ids.length,
  );
  assert.deepEqual(booked("capture"), bought.map((id) => `acme/${id}`).toSorted(), "the provider has charged each once");
  const [open] = await database.admin(`
    select (select count(*)::int from payments.checkouts) as checkouts, (select count(*)::int from orders.orders) as orders,
      (select count(*)::int from payments.entries where kind = 'charge') as charges,
      (select coalesce(sum(amount_cents), 0)::int from payments.postings) as ledger,
      (select stock::int from catalog.products where id = '${productId}') as stock,
      (select count(*)::int from payments.checkouts c join orders.orders o using (id) where o.total_cents <> c.amount_cents) as unlike`);
  const all = bought.length;
  assert.deepEqual(open, { checkouts: all, orders: all, charges: all, ledger: 0, stock: stock - all, unlike: 0 });
}

describe("checkouts are paid once each", () => {
  before(async () => {
    const [product] = (await ask("GET /v1/products?limit=1&query=rocket")).body.items;
    productId = product.id;
    await database.admin(`update catalog.products set stock = 1000 where id = '${productId}'`);
    stock = 1_000;
  });

  for (const name of ["identity", "orders", "payments", "gateway"] as const)
    it(`while ${name} is killed in the middle of them`, async () => {
      const keys = [1, 2, 3].map((nth) => `${name}-${nth}`);
      const first = await buy(keys[0] as string);
      const others = keys.slice(1).map(buy);
      await fleet.kill(name);
      if (name !== "gateway") {
        const { status, body } = await ask("POST /v1/home", { body: {} });
        assert.equal(status, 200);
        assert.deepEqual(body.degraded.toSorted(), missing[name]);
        for (const part of ["products", "orders", "checkouts"]) assert.equal(body[part] === null, missing[name].includes(part), part);
      }
      const starting = fleet.start(name);
      bought.push(first, ...(await Promise.all(others)));
      await starting;
      assert.equal(await buy(keys[0] as string), first, "the key has its reply still");
      assert.equal(new Set(bought).size, bought.length);
      await arePaid(bought);
    });

  it("and refunded once, where the order is cancelled while payments is away", async () => {
    const [id] = bought as [string];
    await fleet.kill("payments");
    const cancelled = await ask(`POST /v1/orders/${id}/cancel`);
    assert.deepEqual([cancelled.status, cancelled.body.status], [200, "cancelled"]);
    await fleet.start("payments");
    await until(async () => (await count(`select count(*) from payments.checkouts where id = '${id}' and state = 'refunded'`)) === 1);
    assert.deepEqual(booked("repayment"), [`acme/${id}`]);
    assert.equal(await count("select coalesce(sum(amount_cents), 0) from payments.postings"), 0);
  });

  it("and every pair of services has exchanged calls", () => {
    const services = { gateway: ["gateway", "admin"], orders: ["orders"], payments: ["payments"] };
    const pairs = Object.entries(services).flatMap(([from, logs]) =>
      [...calledBy(logs)].flatMap((one) => (one === "provider" ? [] : [[from, one].toSorted().join(" ")])),
    );
    assert.deepEqual([...new Set(pairs)].toSorted(), [
      ...["gateway identity", "gateway orders", "gateway payments", "identity orders", "identity payments", "orders payments"],
    ]);
  });
});

/** What the books of the provider have of this kind. */
const booked = (kind: string) =>
  readBooks(books)
    .flatMap(({ line_type, merchant_ref }) => (line_type === kind ? [merchant_ref] : []))
    .toSorted();

/** The services whose modules these logs say were called. */
function calledBy(logs: readonly string[]): ReadonlySet<string> {
  const owners = new Map(Object.entries(parts).flatMap(([part, list]) => list.map(({ name }: Module) => [name, part])));
  const lines = logs.flatMap((log) =>
    readFileSync(join(directory, `${log}.log`), "utf8")
      .trim()
      .split("\n"),
  );
  const named = lines.flatMap((line) => Object.keys((JSON.parse(line) as { upstream_ms?: object }).upstream_ms ?? {}));
  return new Set(named.map((name) => owners.get(name) ?? "provider"));
}

it("a cut through a transaction keeps the service from starting, and its message names the calls and both ways out", async () => {
  const keys = [{ id: "shop", secret }];
  const away = (one: Module) => remote(one, { url: "http://127.0.0.1:1", keys, lock: false });
  const refusal = async (list: readonly Module[]) => {
    const app = createApp({ modules: list, database });
    const thrown = await app.start({ keepsProcess: false }).catch((error: unknown) => error);
    return (
      (thrown as { readonly details?: { readonly problems: readonly { readonly where: string; readonly message: string }[] } }).details
        ?.problems ?? []
    );
  };
  const problems = await refusal([orders, away(catalog)]);
  assert.deepEqual(problems.map(({ where }) => where).toSorted(), ["orders.cancel", "orders.cancel", "orders.place"]);
  for (const { message } of problems) assert.match(message, /make it a saga.+or emit an event/);
  assert.deepEqual(
    (await refusal([seed, away(identity), away(catalog)])).map(({ where }) => where),
    ["seed.open-shop", "seed.open-shop"],
  );
});
