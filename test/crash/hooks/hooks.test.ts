import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { command, createApp, event, exponential, fault, module, override, type Resource, resource, signedIn } from "plimsoll";
import { type CrashDatabase, type CrashOutcome, type CrashSpec, type CrashWorld, crashTest, testActor } from "plimsoll/testing";
import { environmentKeys, vault } from "plimsoll/vault";
import { outgoingWebhooks, type WebhookSender } from "plimsoll/webhooks";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { stored } from "../../tasks/books/task-tables.ts";

// Webhooks that are sent, at every boundary of a delivery: claimed, read, sent, responded to, recorded.
// The short form is a part of all, chosen by the seed; all of it: CRASH=all npm test -- test/crash/hooks/hooks.test.ts
const most = process.env.CRASH === "all" ? {} : { most: 4 };

const actor = testActor({ tenant: "acme" });
const placed = event("shop.placed", { data: z.object({ order: z.string() }), key: ({ order }) => order });
const Unwell = fault("receiver_unwell", {
  ...{ code: "unavailable", details: z.object({ status: z.int() }) },
  message: ({ status }) => `It responded with the status ${status}.`,
});
const sender: Resource<WebhookSender> = resource("hooks.sender");
const hooks = outgoingWebhooks("hooks", {
  ...{ events: [placed], sender, allowsPlain: true },
  retry: { attempts: 20, backoff: exponential("100ms", { max: "1s" }) },
});
const online = { access: signedIn(), budget: "5s", idempotent: "key" } as const;
const Order = z.object({ order: z.string() });
const place = command("shop.place", {
  ...{ ...online, input: Order, output: Order, emits: [placed] },
  async run({ order }, { emit }) {
    emit(placed, { order });
    return { order };
  },
});
const register = command("shop.register", {
  ...{ ...online, input: z.object({ url: z.string() }), output: z.object({ id: z.uuid(), secret: z.string() }) },
  run: ({ url }, scope) => hooks.register(scope, { url }),
});
const replay = command("shop.replay", {
  ...{ ...online, input: z.object({ endpoint: z.uuid() }), output: z.object({ count: z.int() }) },
  run: async ({ endpoint }, scope) => ({ count: await hooks.replay(scope, { endpoint, from: new Date(0) }) }),
});
const shop = module("shop", { operations: [place, register, replay], events: [placed] });
const keys = environmentKeys({ keys: { one: "hJ6/2vQeIu0OeYyQ1n8rZfVbX3T7kM5cAaWpLdGsNiU=" } });

type Message = Parameters<WebhookSender["post"]>[0];
type Changed = (sender: WebhookSender) => WebhookSender;

/** The receiver: what it was sent stands in the ledger of the run. It refuses what is about `refused` the first time. */
const receiver = (): WebhookSender => {
  const refused = new Set<string>();
  return {
    post: async ({ url, headers, body }) => {
      const id = `${url} ${headers["webhook-id"]}`;
      const { data } = body as { readonly data: z.infer<typeof Order> };
      if (data.order === "refused" && !refused.has(id)) {
        refused.add(id);
        throw new Unwell({ status: 500 });
      }
      return 204;
    },
  };
};

/** `changed`: how the app asks the sender. *Default*: as it does. */
const makeShop =
  (changed: Changed = (asIs) => asIs) =>
  ({ database, clock, outside }: CrashWorld) =>
    createApp({
      modules: [shop, hooks.module],
      ...{ database, clock, vault: vault({ keys }) },
      tenancy: { description: "of the actor", tenantOf: ({ tenant }) => tenant },
      provide: [override(sender, changed(outside("receiver", receiver())))],
      development: true,
    });

interface Open {
  readonly endpoints: readonly { readonly id: string; readonly secret: string; readonly url: string }[];
}

async function prepare({ app }: Parameters<NonNullable<CrashSpec<Open>["prepare"]>>[0]): Promise<Open> {
  const urls = ["http://first.example/hook", "http://second.example/hook"];
  const endpoints = [];
  for (const url of urls) endpoints.push({ ...(await app.call(register, { url }, { actor, key: url })), url });
  return { endpoints };
}

/** What is under way beside tasks and events, which the lab sees itself. */
const pending = (database: CrashDatabase) => database.admin("select from plimsoll.webhook_deliveries where state = 'pending'");

const deliveriesIn = (database: CrashDatabase) =>
  database.admin<{ endpoint: string; event: string; state: string; order: string }>(`
    select d.endpoint, d.event, d.state, e.data::json ->> 'order' as order
    from plimsoll.webhook_deliveries d join plimsoll.events e on e.id = d.event order by 4, 1`);

/** Each event is delivered to each endpoint at least once, is there once as a delivery, and every repeat of a message is that message. */
async function noneLost({ database, ledger, kept }: CrashOutcome<Open>): Promise<void> {
  const orders = ledger.of(place).map(({ input }) => input.order);
  const all = await deliveriesIn(database);
  const expected = orders.toSorted().flatMap((order) => kept.endpoints.map(({ id }) => `${order} ${id}`).toSorted());
  assert.deepEqual(
    all.map(({ order, endpoint }) => `${order} ${endpoint}`),
    expected,
    "each event has one delivery for each endpoint",
  );
  assert.deepEqual(new Set(all.map(({ state }) => state)), new Set(["delivered"]));
  const sent = ledger.calls("receiver.post").map(({ args: [message] }) => message as Message);
  const ids = new Map<string, Set<string | undefined>>();
  for (const { url, body, headers } of sent) {
    const name = `${(body as { data: z.infer<typeof Order> }).data.order} at ${url}`;
    ids.set(name, (ids.get(name) ?? new Set()).add(headers["webhook-id"]));
  }
  for (const [name, seen] of ids) assert.equal(seen.size, 1, `${name} has the same id in every attempt`);
  for (const { endpoint, event: id, order } of all) {
    const { url, secret } = kept.endpoints.find((one) => one.id === endpoint)!;
    const own = sent.filter((message) => message.url === url && message.headers["webhook-id"] === id);
    const least = (order === "refused" ? 2 : 1) + (ledger.of(replay).some(({ input }) => input.endpoint === endpoint) ? 1 : 0);
    assert.ok(own.length >= least, `${order} arrived ${own.length} times at ${url}, and at least ${least} were promised`);
    const texts = new Set(own.map(({ body }) => JSON.stringify(body)));
    assert.equal(texts.size, 1, `${order} says the same in every attempt`);
    for (const { headers } of own) assert.equal(headers["webhook-signature"], signatureOf(secret, headers, [...texts][0]!));
  }
  assert.equal(sent.length, sent.filter(({ headers }) => all.some(({ event: id }) => id === headers["webhook-id"])).length);
  assert.deepEqual(await stored(database, "deadLetters", { columns: ["name", "code", "reason"] }), []);
  assert.deepEqual(await database.admin("select from plimsoll.webhook_endpoints where disabled is not null"), []);
}

/** As the package of Standard Webhooks signs it. */
const signatureOf = (secret: string, headers: Message["headers"], body: string) =>
  new Webhook(secret).sign(headers["webhook-id"] ?? "", new Date(Number(headers["webhook-timestamp"]) * 1_000), body);

const spec: CrashSpec<Open> = {
  prepare,
  async scenario({ call, quiet, kept }) {
    await call(place, { order: "taken" }, { actor });
    await quiet();
    await call(place, { order: "refused" }, { actor });
    await quiet();
    await call(replay, { endpoint: kept.endpoints[0]!.id }, { actor });
  },
  settled: async ({ database }) => (await pending(database)).length === 0,
  invariants: noneLost,
  clockJump: "5s",
};

/** One event alone. */
const once: CrashSpec<Open> = { ...spec, scenario: ({ call }) => call(place, { order: "taken" }, { actor }) };

describe("webhooks that are sent, in the crash lab", () => {
  it("arrive at least once, by the same id, whatever breaks", async (t) => {
    const report = await crashTest(makeShop(), { ...spec, ...most });
    t.diagnostic(report.summary);
    if (report.missed.length > 0) t.diagnostic(`not reached: ${report.missed.join(", ")}`);
  });

  const boundaries = {
    claimed: ["begin isolation level read committed read only 1", ["gone-before"]],
    "sent, and responded to": ["receiver.post 1", ["gone-before", "gone-after"]],
    recorded: ["commit 1", ["gone-before", "gone-after"]],
  } as const;
  for (const [what, [boundary, faults]] of Object.entries(boundaries))
    it(`arrive where the process is gone once a delivery is ${what}, or before it`, async () => {
      const { runs, missed } = await crashTest(makeShop(), { ...once, only: `hooks.deliver#1 ${boundary}`, faults });
      assert.deepEqual([runs, missed], [faults.length, []]);
    });

  const planted: Record<string, { readonly changed: Changed; readonly fault: string; readonly found: RegExp }> = {
    "a message that is taken for sent, and was not": {
      changed: ({ post }) => ({ post: (message) => post(message).catch(() => 204) }),
      fault: "fails-before",
      found: /taken arrived 0 times at .*, and at least 1 were promised/,
    },
    "a message that has another id in each attempt": {
      changed: ({ post }) => ({
        post: (message) =>
          post({ ...message, headers: { ...message.headers, "webhook-id": `${message.headers["webhook-id"]}-${++attempts}` } }),
      }),
      fault: "gone-after",
      found: /taken at .* has the same id in every attempt|taken arrived 0 times/,
    },
  };
  let attempts = 0;
  for (const [bug, { changed, fault: breaks, found }] of Object.entries(planted))
    it(`show ${bug}`, () =>
      assert.rejects(crashTest(makeShop(changed), { ...once, only: `hooks.deliver#1 receiver.post 1 / ${breaks}` }), found));
});
