import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { http } from "../../src/http/index.ts";
import { module, task } from "../../src/index.ts";
import { type TestApp, type TestDatabase, testApp, testDatabase } from "../../src/testing/index.ts";
import { webhook } from "../../src/webhooks/index.ts";
import { type Sender, senders } from "./signers.ts";

const Event = z.object({ id: z.string(), type: z.string(), amount: z.int().optional() });
const worked: string[] = [];
const bytesMax = 2_000;

/** Each sender has a webhook with two secrets, as while it changes from one to the other. */
function declare(name: string, { scheme, secret, otherSecret }: Sender) {
  const work = task(`t.work-${name}`, {
    ...{ input: Event, budget: "10s", unique: { for: "7d" } },
    run: async ({ id }) => void worked.push(`${name} ${id}`),
  });
  const hook = webhook(`t.hook-${name}`, {
    ...{ http: `POST /hooks/${name}`, scheme, secrets: [otherSecret, secret], starts: work, bytesMax },
    input: ({ json }) => {
      if ((json as { type?: string }).type === "bug") throw new TypeError("the mapping has a bug");
      return Event.parse(json);
    },
  });
  return [hook, work];
}

const operations = Object.entries(senders).flatMap(([name, sender]) => declare(name, sender));
const modules = [module("t", { operations })];
let serial = 0;
const event = (more: object = {}) => JSON.stringify({ id: `evt_${++serial}`, type: "paid", ...more });

describe("a webhook", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await testDatabase({ modules });
    app = await testApp({ modules, database, surfaces: [http({ port: 0, host: "127.0.0.1" })] });
  });
  after(async () => {
    await app?.stop();
    await database?.drop();
  });
  beforeEach(async () => {
    await app.runUntilIdle();
    worked.length = 0;
  });

  async function post(name: string, body: string | Uint8Array, headers: Readonly<Record<string, string>>) {
    const init = { method: "POST", body: body as string, headers: { "content-type": "application/json", ...headers } };
    const response = await app.app.fetch(new Request(`http://api/hooks/${name}`, init));
    return {
      status: response.status,
      ...((await response.json()) as { type?: string; detail?: string; id?: string; isDuplicate?: boolean }),
    };
  }
  const fault = (type: string) => `urn:plimsoll:${type}`;
  const ids = (body: string) => ({ id: (JSON.parse(body) as { id: string }).id, at: new Date() });

  for (const [name, sender] of Object.entries(senders)) {
    it(`of ${name} takes what its sender signs with either secret, and works on it once, however often it comes`, async () => {
      for (const secret of [sender.secret, sender.otherSecret]) {
        worked.length = 0;
        const body = event();
        const headers = await sender.sign(body, { ...ids(body), secret });
        const first = await post(name, body, headers);
        assert.deepEqual([first.status, first.isDuplicate], [202, false], first.detail);
        const again = await Promise.all([1, 2, 3].map(() => post(name, body, headers)));
        assert.deepEqual(
          again.map(({ status, isDuplicate, id }) => [status, isDuplicate, id]),
          new Array(3).fill([202, true, first.id]),
        );
        await app.runUntilIdle();
        assert.deepEqual(worked, [`${name} ${ids(body).id}`]);
        assert.equal((await post(name, body, headers)).isDuplicate, true, "also after it was worked on");
      }
    });

    it(`of ${name} refuses a body, a signature and a secret that are not the signed ones, and starts nothing`, async () => {
      const body = event();
      const headers = await sender.sign(body, ids(body));
      const shown = headers[sender.signature] ?? "";
      const unsigned = Object.fromEntries(Object.entries(headers).filter(([header]) => header !== sender.signature));
      const others: [string, Record<string, string>][] = [
        [body.replace("paid", "void"), headers],
        [`${body} `, headers],
        [body, unsigned],
        [body, { ...headers, [sender.signature]: "" }],
        [body, { ...headers, [sender.signature]: shown.slice(0, -4) }],
        [body, { ...headers, [sender.signature]: `${shown.slice(0, -10)}0000${shown.slice(-6)}` }],
        [body, await sender.sign(body, { ...ids(body), secret: `${sender.secret.slice(0, -4)}AAAA` })],
      ];
      for (const [sent, with_] of others) {
        const refused = await post(name, sent, with_);
        assert.deepEqual([refused.status, refused.type], [403, fault("webhook_signature_wrong")], `${sent} ${JSON.stringify(with_)}`);
      }
      assert.equal(await app.runUntilIdle(), 0);
    });

    it(`of ${name} takes no body that was changed in any way, nor any other text for its signature`, () =>
      fc.assert(
        fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.string({ maxLength: 120 }), async (at, flip, text) => {
          const body = Buffer.from(event());
          const headers = await sender.sign(body.toString(), ids(body.toString()));
          const changed = Uint8Array.from(body, (byte, index) => (index === at % body.length ? byte ^ flip : byte));
          assert.equal((await post(name, changed, headers)).status, 403);
          const header = text.replace(/[^\x20-\x7e]/g, "");
          assert.equal((await post(name, body, { ...headers, [sender.signature]: header })).status, 403);
        }),
        { numRuns: 40 },
      ));

    if (sender.isTimed)
      it(`of ${name} refuses what was signed more than five minutes ago or ahead`, async () => {
        for (const [offMs, status] of [
          [-310_000, 403],
          [-280_000, 202],
          [280_000, 202],
          [310_000, 403],
        ] as const) {
          const body = event();
          const reply = await post(name, body, await sender.sign(body, { ...ids(body), at: new Date(Date.now() + offMs) }));
          assert.equal(reply.status, status, `${offMs} ms`);
          if (status === 403) assert.equal(reply.type, fault("webhook_stale"));
        }
      });

    it(`of ${name} says of a genuine message what is wrong with it, and nothing of a bug`, async () => {
      for (const [body, type, detail] of [
        ["{]", "webhook_unreadable", /cannot be used: .*position 1|not JSON/],
        [event({ amount: "much" }), "webhook_unreadable", /\/amount: /],
        ['{"id": "evt_x"}', "webhook_unreadable", /\/type: /],
        [event({ type: "bug" }), "internal", /^(?!.*mapping)/],
      ] as const) {
        const reply = await post(name, body, await sender.sign(body, { id: `evt_${++serial}`, at: new Date() }));
        assert.deepEqual([reply.status, reply.type], [type === "internal" ? 500 : 400, fault(type)], body);
        assert.match(reply.detail ?? "", detail);
      }
      const large = event({ type: "x".repeat(bytesMax) });
      assert.equal((await post(name, large, await sender.sign(large, ids(large)))).status, 413);
      assert.equal(await app.runUntilIdle(), 0);
    });
  }

  it("refuses another message under the id of one that came", async () => {
    const [first, second] = [event(), event()];
    const how = { id: "one-and-the-same", at: new Date() };
    const { standard } = senders as { standard: Sender };
    assert.equal((await post("standard", first, await standard.sign(first, how))).status, 202);
    const refused = await post("standard", second, await standard.sign(second, how));
    assert.deepEqual([refused.status, refused.type], [409, fault("webhook_id_reused")]);
  });

  it("tells apart ids that are long, or have characters that no key has", async () => {
    const { own } = senders as { own: Sender };
    const post_ = async (id: string) => {
      const body = event();
      return post("own", body, await own.sign(body, { id, at: new Date() }));
    };
    for (const id of ["a".repeat(500), `${"a".repeat(499)}b`, "an id with spaces", "an id with  spaces"])
      assert.equal((await post_(id)).isDuplicate, false, id);
  });
});

describe("webhook", () => {
  const starts = task("t.work", { input: Event, budget: "10s", run: async () => undefined });
  const declared = (scheme: Sender["scheme"], secrets: readonly string[]) =>
    webhook("t.hook", { http: "POST /hook", scheme, secrets, starts, input: ({ json }) => Event.parse(json) });

  it("takes no webhook without a secret, or with one that its scheme cannot use, and shows none", () => {
    const { standard, github } = senders as { standard: Sender; github: Sender };
    for (const [scheme, secrets, message] of [
      [standard.scheme, [], /has no secret/],
      [standard.scheme, ["whsec_short"], /Secret 1 of webhook\("t.hook"\) is not whsec_ and 24 to 64 bytes/],
      [standard.scheme, [standard.secret, "whsec_c2hvcnQ="], /Secret 2 /],
      [github.scheme, ["hunter2"], /has 7 characters, and needs at least 16/],
    ] as const)
      assert.throws(
        () => declared(scheme, secrets),
        (error: Error) => message.test(error.message) && !/hunter2|c2hvcnQ/.test(error.message),
      );
  });

  it("reads secrets that change with each request, where they are a function", async () => {
    const { github } = senders as { github: Sender };
    let secrets = [github.secret];
    const hook = webhook("t.hook", {
      http: "POST /hook",
      scheme: github.scheme,
      secrets: () => secrets,
      starts,
      input: ({ json }) => Event.parse(json),
    });
    const hooked = [module("t", { operations: [hook, starts] })];
    await using database = await testDatabase({ modules: hooked });
    await using app = await testApp({ modules: hooked, database, surfaces: [http({ port: 0 })] });
    const status = async () => {
      const body = event();
      const headers = { "content-type": "application/json", ...(await github.sign(body, { id: `evt_${++serial}`, at: new Date() })) };
      return (await app.app.fetch(new Request("http://api/hook", { method: "POST", body, headers }))).status;
    };
    assert.equal(await status(), 202);
    secrets = [github.otherSecret];
    assert.equal(await status(), 403);
    secrets = [];
    assert.equal(await status(), 500, "nothing can be verified without a secret");
  });
});
