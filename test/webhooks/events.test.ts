import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { z } from "zod";
import { http } from "../../src/http/index.ts";
import { event, module, task } from "../../src/index.ts";
import { type TestApp, type TestDatabase, testApp, testDatabase } from "../../src/testing/index.ts";
import { webhook } from "../../src/webhooks/index.ts";
import { seen } from "../integration/scratch.ts";
import { type Sender, senders } from "./signers.ts";

const Paid = z.object({ invoice: z.string(), cents: z.int().positive() });
const paid = event("t.invoice-paid", { data: Paid, key: ({ invoice }) => invoice });
const { standard, github } = senders as { standard: Sender; github: Sender };
type Sent = { readonly type?: string; readonly invoice?: string; readonly cents?: number };
const declare = (name: string, { scheme, secret }: Sender) =>
  webhook(`t.hook-${name}`, {
    ...{ http: `POST /hooks/${name}`, scheme, secrets: [secret], event: paid },
    data: ({ json }) => {
      const { type, invoice = "", cents = 0 } = json as Sent;
      if (type === "bug") throw new TypeError("the mapping has a bug");
      return { invoice, cents };
    },
  });
const modules = [module("t", { operations: [declare("standard", standard), declare("github", github)], events: [paid] })];
let serial = 0;

describe("a webhook whose messages become events", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await testDatabase({ modules });
    app = await testApp({ modules, database, surfaces: [http({ port: 0, host: "127.0.0.1" })] });
  });
  beforeEach(() => database.admin("truncate plimsoll.events, plimsoll.webhook_messages"));
  after(async () => {
    await app?.stop();
    await database?.drop();
  });

  const send = async (name: string, body: string, headers: Readonly<Record<string, string>>) => {
    const init = { method: "POST", body, headers: { "content-type": "application/json", ...headers } };
    const response = await app.app.fetch(new Request(`http://api/hooks/${name}`, init));
    return {
      status: response.status,
      ...((await response.json()) as { type?: string; detail?: string; id?: string; isDuplicate?: boolean }),
    };
  };
  const post = async (body: string, id = `msg_${++serial}`) => send("standard", body, await standard.sign(body, { id, at: new Date() }));
  const message = (more: object = {}) => JSON.stringify({ invoice: "in_1", cents: 7, ...more });
  const emitted = async () =>
    (await database.admin<{ name: string; data: string }>("select name, data from plimsoll.events order by seq")).map(
      ({ name, data }) => `${name} ${(JSON.parse(data) as Sent).invoice}`,
    );

  it("emits one event of a message, however often and at once it is delivered", async () => {
    const first = await post(message(), "once");
    assert.deepEqual([first.status, first.id, first.isDuplicate], [202, "once", false], first.detail);
    const again = await Promise.all([1, 2, 3].map(() => post(message(), "once")));
    assert.deepEqual(
      again.map(({ status, isDuplicate }) => [status, isDuplicate]),
      new Array(3).fill([202, true]),
    );
    const atOnce = await Promise.all([1, 2, 3, 4].map(() => post(message({ invoice: "in_2" }), "at once")));
    assert.deepEqual(atOnce.map(({ isDuplicate }) => isDuplicate).toSorted(), [false, true, true, true]);
    assert.deepEqual(await emitted(), ["t.invoice-paid in_1", "t.invoice-paid in_2"]);
  });

  it("has the id and the event in one transaction: where one cannot be written, the other is not there, and the next delivery is the first", async () => {
    await database.admin("alter table plimsoll.events add constraint refuses check (data not like '%in_3%')");
    assert.notEqual((await post(message({ invoice: "in_3" }), "again")).status, 202);
    assert.deepEqual([await emitted(), await database.admin("select key from plimsoll.webhook_messages")], [[], []]);
    await database.admin("alter table plimsoll.events drop constraint refuses");
    assert.deepEqual([(await post(message({ invoice: "in_3" }), "again")).isDuplicate, await emitted()], [false, ["t.invoice-paid in_3"]]);
  });

  it("knows ids of one webhook from those of another", async () => {
    await post(message(), "shared");
    const body = message();
    const reply = await send("github", body, await github.sign(body, { id: "shared", at: new Date() }));
    assert.equal(reply.isDuplicate, false);
    assert.equal((await emitted()).length, 2);
  });

  it("refuses what is not signed, is old, is another message under the same id, or no data of the event, and emits nothing", async () => {
    const body = message();
    const headers = await standard.sign(body, { id: "forged", at: new Date() });
    assert.deepEqual((await send("standard", `${body} `, headers)).type, "urn:plimsoll:webhook_signature_wrong");
    const old = await standard.sign(body, { id: "old", at: new Date(Date.now() - 310_000) });
    assert.deepEqual((await send("standard", body, old)).type, "urn:plimsoll:webhook_stale");
    const wrong = await post(message({ cents: -1 }));
    assert.deepEqual([wrong.status, wrong.type], [400, "urn:plimsoll:webhook_unreadable"]);
    assert.match(wrong.detail ?? "", /cannot be used: \/cents: /);
    const bug = await post(message({ type: "bug" }));
    assert.deepEqual([bug.status, /mapping/.test(bug.detail ?? "")], [500, false]);
    assert.deepEqual(await emitted(), []);
    await post(message(), "reused");
    const reused = await post(message({ cents: 8 }), "reused");
    assert.deepEqual([reused.status, reused.type], [409, "urn:plimsoll:webhook_id_reused"]);
    assert.equal((await emitted()).length, 1);
  });

  it("remembers an id for so long, and then deletes it, whether or not others come", async () => {
    await post(message(), "kept");
    await database.admin("update plimsoll.webhook_messages set expires_at = plimsoll.now() + interval '1 minute'");
    const keep = () => database.admin("select plimsoll.keep_events(604800000, 2, 604800000, 1000)");
    await keep();
    assert.equal((await post(message(), "kept")).isDuplicate, true);
    const [row] = await database.admin("select key, expires_at > plimsoll.now() as lives from plimsoll.webhook_messages");
    assert.deepEqual(row, { key: "t.hook-standard:kept", lives: true });
    await database.admin("update plimsoll.webhook_messages set expires_at = plimsoll.now() - interval '1 second'");
    assert.equal((await post(message(), "kept")).isDuplicate, false, "what is remembered no longer is a message of its own");
    await database.admin("update plimsoll.webhook_messages set expires_at = plimsoll.now() - interval '1 second'");
    // The upkeep of a process that starts does it.
    const upkeep = await testApp({ modules, database, roles: ["worker"] });
    await seen(database.adminUrl, "select from (select count(*) as n from plimsoll.webhook_messages) c where n = 0", []);
    await upkeep.stop();
  });

  it("is declared with an event of its module, and a time that can be kept", () => {
    const spec = {
      http: "POST /h",
      scheme: standard.scheme,
      secrets: [standard.secret],
      event: paid,
      data: () => ({ invoice: "", cents: 1 }),
    } as const;
    assert.throws(() => webhook("t.h", { ...spec, remember: "91d" }), /remember is 7862400000 ms\. Write 1m to 90d/);
    const starts = task("t.work", { input: Paid, budget: "1s", run: async () => undefined });
    // @ts-expect-error a message starts a task or becomes an event
    webhook("t.h", { http: spec.http, scheme: spec.scheme, secrets: spec.secrets, starts });
    // @ts-expect-error the data are those of the event
    webhook("t.h", { ...spec, data: () => ({ invoice: 7 }) });
  });
});
