import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { password } from "../../../examples/shop/seed.ts";
import { runtimeOf } from "../../../src/app/app.ts";
import { Fault } from "../../../src/core/fault.ts";
import type { Actor } from "../../../src/operation/actor.ts";
import type { Operation } from "../../../src/operation/contract.ts";
import { httpOf, parseRoute } from "../../../src/operation/route.ts";
import { measureRates, openTestShop, subjectOf, type TestShop } from "./open-shop.ts";

/** All by which something can be named: what belongs to another, or what does not exist. */
interface Names {
  readonly tenant: string;
  readonly email: string;
  readonly userId: string;
  readonly productId: string;
  readonly orderId: string;
  readonly checkoutId: string;
  readonly batchId: string;
  readonly invitationId: string;
  readonly passkeyId: string;
  /** A page of the products, users, orders and invitations of the named user. */
  readonly cursors: Readonly<Record<string, string>>;
}

const version = 1;
/** A token as a link has it, of none that was issued. */
const notIssued = "A".repeat(43);
const cursorOf = (name: string) => (names: Names) => ({ cursor: names.cursors[name] });
/** Each operation that makes a user makes another one, so that none finds what the one before it made. */
const user = (email: string) => ({ email, name: "Any", roles: ["customer"] });
const lines = ({ productId }: Names) => ({ lines: [{ productId, quantity: 1 }] });

/** Each operation of the shop, asked for by names. An operation without a case fails the test. */
const cases: Readonly<Record<string, (names: Names) => object>> = {
  "identity.sign-in": ({ tenant, email }) => ({ tenant, email, password: "a wrong password" }),
  "identity.find-credentials": ({ email }) => ({ email }),
  "identity.enter": ({ tenant, email }) => ({ tenant, email, password: "a wrong password" }),
  "identity.start-session": ({ userId }) => ({ id: userId, roles: ["customer"] }),
  "identity.leave": () => ({}),
  "identity.who-am-i": () => ({}),
  "identity.start-html": () => ({}),
  "identity.sign-in-html": () => ({}),
  "identity.sign-in-css": () => ({}),
  "identity.sign-in-js": () => ({}),
  "identity.ask-for-reset": ({ tenant, email }) => ({ tenant, email }),
  "identity.start-reset": ({ email }) => ({ email }),
  "identity.issue-reset": ({ email }) => ({ email }),
  "identity.find-passkey-holder": ({ userId }) => ({ userId }),
  "identity.find-reset": () => ({ token: notIssued }),
  "identity.store-reset": () => ({ token: notIssued, passwordHash: "none" }),
  "identity.reset-password": ({ tenant }) => ({ tenant, token: notIssued, password: "a password of mine" }),
  "identity.sign-up": ({ tenant, email }) => ({ tenant, email }),
  "identity.start-sign-up": ({ email }) => ({ email }),
  "identity.issue-sign-up": ({ email }) => ({ email }),
  "identity.join": ({ tenant }) => ({ tenant, token: notIssued, name: "Any", password: "a password of mine" }),
  "identity.find-joining": () => ({ token: notIssued }),
  "identity.store-joined": () => ({ token: notIssued, name: "Any", passwordHash: "none" }),
  "identity.invite": ({ email }) => ({ email: `invited.${email}`, roles: ["customer"] }),
  "identity.list-invitations": cursorOf("invitations"),
  "identity.revoke-invitation": ({ invitationId }) => ({ invitationId }),
  "identity.issue-invitation": ({ invitationId }) => ({ invitationId }),
  "identity.ask-to-verify": () => ({}),
  "identity.issue-verification": ({ userId }) => ({ userId }),
  "identity.verify-email": ({ tenant }) => ({ tenant, token: notIssued }),
  "identity.store-verified": () => ({ token: notIssued }),
  "identity.ask-to-add-passkey": () => ({}),
  "identity.offer-passkey": () => ({ origin: "http://localhost:1" }),
  "identity.add-passkey": () => ({ name: "Mine", response: {} }),
  "identity.store-passkey": () => ({ origin: "http://localhost:1", name: "Mine", response: {} }),
  "identity.list-passkeys": () => ({}),
  "identity.remove-passkey": ({ passkeyId }) => ({ passkeyId }),
  "identity.ask-to-enter-with-passkey": ({ tenant }) => ({ tenant }),
  "identity.challenge-passkey": () => ({ origin: "http://localhost:1" }),
  "identity.enter-with-passkey": ({ tenant }) => ({ tenant, response: {} }),
  "identity.use-passkey": () => ({ origin: "http://localhost:1", response: {} }),
  "identity.begin-second-factor": () => ({}),
  "identity.confirm-second-factor": () => ({ code: "000000" }),
  "identity.confirm-code": () => ({ code: "000000", hashes: [] }),
  "identity.use-code": ({ userId }) => ({ userId, code: "000000" }),
  "identity.create-user": ({ email }) => ({ ...user(`created.${email}`), password }),
  "identity.add-user": ({ email }) => ({ ...user(`added.${email}`), passwordHash: "none" }),
  "identity.list-users": cursorOf("users"),
  "identity.get-user": ({ userId }) => ({ userId }),
  "identity.update-user": ({ userId }) => ({ userId, version, name: "Mine" }),
  "identity.delete-user": ({ userId }) => ({ userId, version }),
  "identity.set-roles": ({ userId }) => ({ userId, version, roles: ["customer", "administrator"] }),
  "identity.change-password": ({ userId }) => ({ userId, oldPassword: password, newPassword: "a password of mine" }),
  "identity.find-password": ({ userId }) => ({ userId }),
  "identity.store-password": ({ userId }) => ({ userId, passwordHash: "none" }),
  "identity.found-tenant": ({ tenant, email }) => ({ name: tenant, users: [{ ...user(email), passwordHash: "none" }] }),
  "catalog.list-products": cursorOf("products"),
  "catalog.get-product": ({ productId }) => ({ productId }),
  "catalog.create-product": ({ productId }) => ({ name: productId, priceCents: 1 }),
  "catalog.update-product": ({ productId }) => ({ productId, version, stock: 0 }),
  "catalog.take-stock": lines,
  "catalog.return-stock": lines,
  "catalog.hold-stock": ({ orderId, productId }) => ({ holdId: orderId, lines: [{ productId, quantity: 1 }] }),
  "catalog.release-hold": ({ orderId }) => ({ holdId: orderId }),
  "catalog.import-products": ({ productId }) => ({ products: [{ name: productId, description: "", priceCents: 1, stock: 1 }] }),
  "orders.place": lines,
  "orders.get": ({ orderId }) => ({ orderId }),
  "orders.list": cursorOf("orders"),
  "orders.cancel": ({ orderId }) => ({ orderId }),
  "orders.record": ({ orderId, userId, productId }) => ({
    ...{ orderId, customerId: userId, lines: [{ productId, quantity: 1, name: "Any", unitCents: 1 }], totalCents: 1 },
  }),
  "orders.withdraw": ({ orderId }) => ({ orderId }),
  "payments.checkout": lines,
  "payments.get-checkout": ({ checkoutId }) => ({ checkoutId }),
  "payments.list-checkouts": cursorOf("checkouts"),
  "payments.find-wanted": ({ checkoutId }) => ({ checkoutId }),
  "payments.reserve": ({ checkoutId, productId }) => ({
    ...{ checkoutId, lines: [{ productId, quantity: 1, name: "Any", unitCents: 1 }], totalCents: 1 },
  }),
  "payments.release": ({ checkoutId }) => ({ checkoutId }),
  "payments.confirm": ({ checkoutId }) => ({ checkoutId }),
  "payments.unconfirm": ({ checkoutId }) => ({ checkoutId }),
  "payments.give-up": ({ checkoutId }) => ({ checkoutId, problem: "mine" }),
  "payments.post": ({ checkoutId }) => ({ entries: [{ kind: "refund", checkoutId, money: { cents: 1, currency: "EUR" } }] }),
  "payments.find-charge": ({ checkoutId }) => ({ checkoutId }),
  "payments.refund": ({ checkoutId }) => ({ checkoutId }),
  "payments.find-refund": ({ checkoutId }) => ({ checkoutId }),
  "payments.close-refund": ({ checkoutId }) => ({ checkoutId }),
  "payments.list-tenants": () => ({}),
  "payments.begin-comparison": () => ({}),
  "payments.keep-statement": ({ checkoutId }) => ({
    asOf: new Date().toISOString(),
    lines: [{ line: 1, kind: "refund", checkoutId, money: { cents: 1, currency: "EUR" }, at: new Date().toISOString() }],
  }),
  "payments.find-differences": () => ({ asOf: new Date().toISOString() }),
  "payments.list-differences": cursorOf("differences"),
  "sales.record-visit": ({ productId }) => ({ page: `/products/${productId}` }),
  "sales.live": () => ({ seconds: 1 }),
  "sales.revenue": () => ({ day: "2026-01-01" }),
  "sales.record-sale": ({ orderId, productId }) => ({
    ...{ orderId, lines: [{ orderId, productId, name: "Any", quantity: 1, cents: 1, day: "2026-01-01" }] },
  }),
  "sales.record-return": ({ orderId }) => ({ orderId, day: "2026-01-01" }),
  "crunch.submit": ({ productId }) => ({ items: [productId] }),
  "crunch.stats": () => ({}),
  "crunch.store-results": ({ batchId }) => ({
    results: [{ batchId, item: 1, outcome: "done", checksum: 1, score: 1, attempts: 1 }],
  }),
  "relay.fetch": () => ({ upstream: "none", path: "/", timeoutMs: 100 }),
  "relay.stats": () => ({}),
  "seed.open-shop": ({ tenant, email, productId }) => ({
    ...{ name: tenant, users: [{ ...user(email), passwordHash: "none" }] },
    products: [{ name: productId, description: "", priceCents: 1, stock: 1 }],
  }),
};

describe("what belongs to another", () => {
  let shop: TestShop;
  /** What Ben has, and for users a second administrator. */
  let theirs: Names;
  let second: string;
  before(async () => {
    shop = await openTestShop();
    // One address asks for all of them: whom a rate refuses is not what is compared.
    await measureRates(shop);
    const [ada, ben] = [shop.token("Ada"), shop.token("Ben")];
    second = await signInAsSecond(shop, ada);
    const { body: products } = await shop.ask("GET /v1/products?limit=1", { token: ben });
    const productId = products.items[0].id;
    const place = () => {
      const headers = { "idempotency-key": randomUUID() };
      return shop.ask("POST /v1/orders", { token: ben, headers, body: { lines: [{ productId, quantity: 1 }] } });
    };
    const buy = () => {
      const headers = { "idempotency-key": randomUUID() };
      return shop.ask("POST /v1/checkouts", { token: ben, headers, body: { lines: [{ productId, quantity: 1 }] } });
    };
    await buy();
    const { checkoutId } = (await buy()).body;
    await place();
    const { body: placed } = await place();
    const { body: orders } = await shop.ask("GET /v1/orders?limit=1", { token: ben });
    const { body: checkouts } = await shop.ask("GET /v1/checkouts?limit=1", { token: ben });
    const { body: users } = await shop.ask("GET /v1/users?limit=1", { token: second });
    const crunched = { token: ben, headers: { "idempotency-key": randomUUID() }, body: { items: ["theirs"] } };
    const { batchId } = (await shop.ask("POST /v1/crunch", crunched)).body;
    const invite = (email: string) => shop.ask("POST /v1/invitations", { token: second, body: { email, roles: ["customer"] } });
    await invite("first@invited.example");
    const { body: invitation } = await invite("other@invited.example");
    const { body: invitations } = await shop.ask("GET /v1/invitations?limit=1", { token: second });
    const passkeyId = await addPasskeyOf(shop, subjectOf(ben));
    theirs = {
      ...{ invitationId: invitation.id, passkeyId },
      ...{ tenant: "acme", email: "ben@acme.example", userId: subjectOf(ben), productId, orderId: placed.orderId, batchId },
      checkoutId,
      cursors: {
        ...{ users: users.nextCursor, products: products.nextCursor, orders: orders.nextCursor },
        ...{ invitations: invitations.nextCursor, checkouts: checkouts.nextCursor },
      },
    };
  });
  after(() => shop?.[Symbol.asyncDispose]());

  /** In the order of their names. Only workers run the rest. */
  const operations = () =>
    [...runtimeOf(shop.app).registry.operations.values()]
      .map(({ operation }) => operation)
      .filter(({ kind }) => !["task", "saga", "subscription"].includes(kind))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));

  it("has a case for every operation of the shop", () =>
    assert.deepEqual(
      operations()
        .map(({ name }) => name)
        .toSorted(),
      Object.keys(cases).toSorted(),
    ));

  it("is found by whom it belongs to", async () => {
    const own = [
      "identity.get-user",
      "catalog.list-products",
      "catalog.get-product",
      "orders.list",
      "orders.get",
      "payments.get-checkout",
      "payments.list-checkouts",
    ];
    for (const operation of operations().filter(({ name }) => own.includes(name)))
      assert.equal((await ask(shop, { operation, token: shop.token("Ben"), names: theirs })).status, 200, operation.name);
    const [listUsers] = operations().filter(({ name }) => name === "identity.list-users");
    assert.equal((await ask(shop, { operation: listUsers ?? assert.fail(), token: second, names: theirs })).status, 200);
  });

  const strange = [
    "tenant",
    "email",
    "userId",
    "productId",
    "orderId",
    "checkoutId",
    "batchId",
    "invitationId",
    "passkeyId",
    "cursors",
  ] as const;
  const intruders = [
    { name: "Gus", what: "an administrator of another tenant", foreign: strange },
    { name: "Hana", what: "a customer of another tenant", foreign: strange },
    {
      name: "Cleo",
      what: "another customer of the tenant",
      foreign: ["userId", "orderId", "checkoutId", "invitationId", "passkeyId", "cursors"],
    },
    {
      name: "Ada",
      what: "the tenant's administrator, whose business orders are not",
      foreign: ["orderId", "checkoutId", "passkeyId", "cursors"],
    },
  ] as const;

  for (const { name, what, foreign } of intruders)
    it(`does not exist for ${what}, whatever is asked of it`, async () => {
      await drained(shop);
      const isOfTenant = foreign !== strange;
      const before = await acme(shop, { isOfTenant });
      const token = shop.token(name);
      for (const operation of operations()) {
        // What it counts is the tenant's, and the requests of this test are among it.
        if (isOfTenant && operation.name === "sales.live") continue;
        const given = Object.fromEntries(foreign.map((key) => [key, theirs[key]]));
        const names = { ...nobodys(), ...given } as Names;
        // The pages of products are kept for the whole tenant, and their cursors are good for all of it.
        if (isOfTenant) Object.assign(names, { cursors: { ...theirs.cursors, products: nobodys().cursors.products } });
        const answer = await ask(shop, { operation, token, names });
        assert.deepEqual(answer, await ask(shop, { operation, token, names: nobodys() }), `${operation.name} tells ${name} what there is`);
      }
      if (name === "Ada") return;
      await drained(shop);
      assert.equal(await acme(shop, { isOfTenant }), before, `${name} changed something`);
    });
});

/** Waits until no event and no task is left: what is counted of them stands still then. */
async function drained({ app }: TestShop): Promise<void> {
  const isBusy = async () => (await app.tasks.stats()).some(({ waiting, running, later }) => waiting + running + later > 0);
  while ((await app.events.subscriptions()).some(({ lag }) => lag > 0));
  while (await isBusy());
  while ((await app.sagas.list({ limit: 1_000 })).some(({ ended }) => ended === null));
}

/** Names of nothing. */
function nobodys(): Names {
  return {
    ...{
      tenant: "unknown",
      email: `${randomUUID()}@acme.example`,
      userId: randomUUID(),
      productId: randomUUID(),
      orderId: randomUUID(),
      checkoutId: randomUUID(),
      batchId: randomUUID(),
      ...{ invitationId: randomUUID(), passkeyId: randomUUID() },
    },
    cursors: { users: "AQ", products: "AQ", orders: "AQ", invitations: "AQ", checkouts: "AQ" },
  };
}

/** Not by a browser: what is asked here is whose it is. */
async function addPasskeyOf({ database }: TestShop, userId: string): Promise<string> {
  const id = randomUUID();
  await database.admin(`
    insert into identity.passkeys (tenant_id, id, user_id, name, credential_id, public_key, counter, transports, synced)
    values ('acme', '${id}', '${userId}', 'theirs', '${id}', 'none', 0, '{}', false)`);
  return id;
}

async function signInAsSecond(shop: TestShop, token: string): Promise<string> {
  const email = "second@acme.example";
  await shop.ask("POST /v1/users", { token, body: { email, name: "Second", password, roles: ["administrator"] } });
  return (await shop.ask("POST /v1/sessions", { body: { tenant: "acme", email, password } })).body.token;
}

/** All that Acme has, as its owner sees it. */
async function acme({ database }: TestShop, { isOfTenant }: { readonly isOfTenant: boolean }): Promise<string> {
  const own = [
    "identity.tenants",
    "identity.users",
    "identity.passkeys",
    "identity.invitations",
    "catalog.products",
    "orders.orders",
    "orders.order_lines",
    "notifications.receipts",
    "payments.entries",
  ];
  // Any user of the tenant may have items crunched, begin a checkout and a second factor.
  const tables = isOfTenant ? own : [...own, "crunch.batches", "crunch.results", "identity.second_factors", "payments.checkouts"];
  const rows = tables.map((table) => database.admin(`select * from ${table} t where tenant_id = 'acme' order by t::text`));
  return JSON.stringify(await Promise.all(rows));
}

interface Question {
  readonly operation: Operation;
  readonly token: string;
  readonly names: Names;
}

/** Asks over HTTP where there is a route, else from inside; gives the answer without what differs between any two requests. */
async function ask(shop: TestShop, { operation, token, names }: Question): Promise<{ readonly status: unknown }> {
  const input = cases[operation.name]?.(names) ?? assert.fail();
  const { status, body } =
    operation.spec.http === undefined
      ? await askInside(shop, { operation, token, input })
      : await askOutside(shop, { operation, token, input });
  const text = JSON.stringify({ status, body: { ...body, requestId: undefined } })
    .replaceAll(names.email, "<email>")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>")
    .replaceAll(/\b[A-Z2-7]{32}\b/g, "<secret>")
    .replaceAll(/(?<="(?:challenge|id)":")[\w-]{43}(?=")/g, "<random>")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>");
  return JSON.parse(text);
}

interface Request {
  readonly operation: Operation;
  readonly token: string;
  readonly input: object;
}

function askOutside({ ask }: TestShop, { operation: { spec }, token, input }: Request) {
  const http = httpOf(spec) ?? assert.fail();
  const { verb, path, parameters } = parseRoute(http.route) ?? assert.fail();
  const values = new Map<string, unknown>(Object.entries(input));
  const target = parameters.reduce((text, name) => text.replace(`{${name}}`, String(values.get(name))), path);
  const rest = Object.fromEntries([...values].filter(([name]) => name !== http.ifMatch && !parameters.includes(name)));
  const headers = { "idempotency-key": randomUUID(), ...(http.ifMatch !== undefined && { "if-match": `"${version}"` }) };
  if (verb === "GET") return ask(`GET ${target}?${new URLSearchParams(rest as Record<string, string>)}`, { token, headers });
  return ask(`${verb} ${target}`, { token, headers, ...(verb !== "DELETE" && { body: rest }) });
}

async function askInside({ call }: TestShop, { operation, token, input }: Request) {
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  const actor: Actor = { id: claims.sub, kind: "user", roles: claims.roles, tenant: claims.tid, claims };
  try {
    return { status: "ok", body: (await call(operation as never, input as never, { actor, key: randomUUID() })) as object };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code: status, type, message, details } = error;
    return { status, body: { type, message, details } };
  }
}
