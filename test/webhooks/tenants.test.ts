import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { http } from "../../src/http/index.ts";
import { authenticator, claim } from "../../src/index.ts";
import { prometheus } from "../../src/telemetry/index.ts";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "../../src/testing/index.ts";
import { desk, read, settles } from "./desk/desk.ts";
import { type Sender, senders } from "./signers.ts";

const { standard } = senders as { standard: Sender };
const modules = [desk];
const metrics = prometheus();
let serial = 0;

describe("a webhook whose messages are about tenants", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await testDatabase({ modules });
    app = await testApp({
      ...{ modules, database, surfaces: [http({ port: 0, host: "127.0.0.1" })], telemetry: [metrics] },
      tenancy: claim("tid"),
      authentication: authenticator({ authenticate: async (tenant) => testActor({ tenant, claims: { tid: tenant } }) }),
    });
  });
  beforeEach(() => database.admin("truncate plimsoll.events, plimsoll.webhook_messages, desk.notes, desk.totals"));
  after(async () => {
    await app?.stop();
    await database?.drop();
  });

  const send = async (hook: string, message: object, how: { id?: string; secret?: string; headers?: Record<string, string> } = {}) => {
    const { id = `msg_${++serial}`, secret, headers = {} } = how;
    const body = JSON.stringify(message);
    const signed = await standard.sign(body, { id, at: new Date(), ...(secret && { secret }) });
    const init = { method: "POST", body, headers: { "content-type": "application/json", ...signed, ...headers } };
    const response = await app.app.fetch(new Request(`http://api/hooks/${hook}`, init));
    return { status: response.status, ...((await response.json()) as { type?: string; detail?: string; isDuplicate?: boolean }) };
  };
  const about = (tenant: string, invoice = "in_1", cents = 7) => ({ account: `acct_${tenant}`, invoice, cents });
  const seenBy = (tenant: string) => app.call(read, {}, { actor: testActor({ tenant, claims: { tid: tenant } }) });
  /** As the ops port shows it. */
  const refusals = (hook: string): number => {
    const sample = `plimsoll_faults_total{operation="desk.${hook}",type="webhook_tenant_unknown"} `;
    return Number(metrics.expose?.().body.split(sample)[1]?.split("\n")[0] ?? 0);
  };
  const logged = async () =>
    (await database.admin<{ tenant: string | null }>("select tenant from plimsoll.events order by seq")).map(({ tenant }) => tenant);

  it("emits the event for the tenant, and what follows runs for that tenant and no other, behind row security", async () => {
    await app.app.sagas.start(settles, { invoice: "in_1" }, { tenant: "acme" });
    await app.app.sagas.start(settles, { invoice: "in_1" }, { tenant: "other" });
    assert.equal((await send("emits", about("acme"))).status, 202);
    assert.equal((await send("emits", about("third", "in_2", 2))).status, 202);
    assert.deepEqual(await logged(), ["acme", "third"]);
    await app.runUntilIdle();
    assert.deepEqual(await seenBy("acme"), { notes: ["saga of acme, 7: in_1", "subscription of acme: in_1"], totals: ["in_1 7"] });
    assert.deepEqual(await seenBy("third"), { notes: ["subscription of third: in_2"], totals: ["in_2 2"] });
    assert.deepEqual(await seenBy("other"), { notes: [], totals: [] }, "its saga still waits");
  });

  it("starts the task for the tenant", async () => {
    assert.equal((await send("starts", about("acme"), { id: "one" })).status, 202);
    assert.equal((await send("starts", about("acme"), { id: "one" })).isDuplicate, true);
    await app.runUntilIdle();
    assert.deepEqual((await seenBy("acme")).notes, ["task of acme: in_1"]);
    assert.deepEqual((await seenBy("other")).notes, []);
  });

  it("takes the tenant from what is signed, whatever credentials come with it, and none where none is declared", async () => {
    const headers = { authorization: "Bearer other" };
    await send("emits", about("acme"), { headers });
    await send("plain", about("acme"), { headers });
    assert.deepEqual(await logged(), ["acme", null]);
    const forged = await send("emits", about("acme"), { secret: standard.otherSecret, headers });
    assert.equal(forged.type, "urn:plimsoll:webhook_signature_wrong");
    assert.equal((await logged()).length, 2);
  });

  for (const [what, account] of [
    ["none", {}],
    ["an empty one", { account: "acct_" }],
    ["one that no tenant can have", { account: "acct_a\nb" }],
    ["one that is too long", { account: "x".repeat(201) }],
  ] as const)
    it(`refuses a message with ${what}, writes nothing, shows it on the ops port, and takes it once it names one`, async () => {
      const message = { invoice: "in_1", cents: 7 };
      for (const hook of ["emits", "starts"]) {
        const id = `msg_${what.replaceAll(" ", "_")}_${hook}`;
        const before = refusals(hook);
        const refused = await send(hook, { ...message, ...account }, { id });
        assert.deepEqual([refused.status, refused.type], [400, "urn:plimsoll:webhook_tenant_unknown"]);
        assert.ok(refused.detail?.includes(id), refused.detail);
        assert.equal(refusals(hook) - before, 1);
        assert.deepEqual([await logged(), await database.admin("select key from plimsoll.webhook_messages")], [[], []]);
        assert.deepEqual((await send(hook, about("acme"), { id })).isDuplicate, false, "the id was not used up");
        await database.admin("truncate plimsoll.events, plimsoll.webhook_messages");
      }
    });

  it("refuses a message whose tenant cannot be read as any other that cannot be read", async () => {
    const refused = await send("emits", { ...about("acme"), account: 7 });
    assert.deepEqual([refused.status, refused.type], [400, "urn:plimsoll:webhook_unreadable"]);
    assert.match(refused.detail ?? "", /\/account: /);
  });

  it("knows the same data of two tenants for two messages", async () => {
    await send("emits", about("acme"), { id: "same" });
    const reused = await send("emits", about("other"), { id: "same" });
    assert.deepEqual([reused.status, reused.type], [409, "urn:plimsoll:webhook_id_reused"]);
  });
});
