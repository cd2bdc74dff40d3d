import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { createApp } from "plimsoll";
import { testActor, testApp, testDatabase } from "plimsoll/testing";
import { environmentKeys, vault } from "plimsoll/vault";
import { outgoingWebhooks } from "plimsoll/webhooks";
import { Webhook } from "standardwebhooks";
import { seen } from "../../integration/scratch.ts";
import { receiver } from "./receiver.ts";
import { ann, placed, shopWith } from "./shop.ts";

const { modules, notices, place, register, change, replay, list } = shopWith({ allow: ["127.0.0.1"] });
const keys = environmentKeys({ keys: { one: "hJ6/2vQeIu0OeYyQ1n8rZfVbX3T7kM5cAaWpLdGsNiU=" } });
const database = await testDatabase({ modules });
const app = await testApp({ modules, database, actor: ann, vault: vault({ keys }) });
const server = await receiver();
after(async () => {
  await app.stop();
  await server[Symbol.asyncDispose]();
  await database.drop();
});
let paths = 0;
/** An endpoint of its own, for these events. */
const endpoint = async (events: string[] | undefined = ["shop.placed"], as = app) => {
  const path = `/hook-${++paths}`;
  const made = await as.call(register, { url: server.url + path, events });
  return { ...made, path };
};
const settled = (id: string, state: string, count = 1) =>
  seen(
    database.adminUrl,
    "select from (select count(*) as n from plimsoll.webhook_deliveries where endpoint = $1 and state = $2) c where n >= $3",
    [id, state, count],
  );
const deliveriesOf = async (id: string) => (await app.call(list, { endpoint: id })).deliveries;
const text = (headers: object) => headers as Record<string, string>;

describe("webhooks that are sent", () => {
  it("are signed so that the package of Standard Webhooks verifies them, and go to the endpoints of their tenant and event", async () => {
    const [all, one] = [await endpoint([]), await endpoint(["shop.paid"])];
    const every = await app.call(register, { url: `${server.url}/every` });
    const strange = await endpoint(undefined, app.as(testActor({ id: "ben", tenant: "other" })));
    await app.call(place, { order: "paid-1" });
    await settled(every.id, "delivered", 2);
    await settled(one.id, "delivered");
    const [paid] = server.at(one.path);
    assert.deepEqual([server.at(one.path).length, server.at(all.path).length, server.at(strange.path).length], [1, 0, 0]);
    const message = new Webhook(one.secret).verify(paid!.body, text(paid!.headers)) as Record<string, unknown>;
    assert.deepEqual([message.type, message.data], ["shop.paid", { order: "paid-1" }]);
    assert.ok(Math.abs(Date.parse(String(message.timestamp)) - Date.now()) < 60_000);
    assert.throws(() => new Webhook(every.secret).verify(paid!.body, text(paid!.headers)));
    assert.throws(() => new Webhook(one.secret).verify(paid!.body.replace("paid-1", "paid-2"), text(paid!.headers)));
    for (const header of ["traceparent", "plimsoll-deadline-ms"]) assert.equal(paid!.headers[header], undefined, header);
    await app.call(change, { id: every.id, to: "remove" });
  });

  it("are retried with the same id, and listed with their attempts", async () => {
    const { id, path, secret } = await endpoint();
    server.respond(path, 500, 503, 200);
    await app.call(place, { order: "retried" });
    await settled(id, "delivered");
    const ids = server.at(path).map(({ headers }) => headers["webhook-id"]);
    assert.deepEqual([ids.length, new Set(ids).size], [3, 1]);
    for (const { body, headers } of server.at(path)) new Webhook(secret).verify(body, text(headers));
    const [delivery] = await deliveriesOf(id);
    assert.deepEqual(
      [delivery?.state, delivery?.attempts, delivery?.status, delivery?.problem, delivery?.event],
      ["delivered", 3, 200, null, ids[0]],
    );
  });

  it("are what the last worker recorded, whatever one says that stood still and lost its task meanwhile", async () => {
    const { id, path } = await endpoint();
    server.respond(path, 500, 200);
    await app.call(place, { order: "taken-over" });
    await settled(id, "delivered");
    const [delivery] = await deliveriesOf(id);
    for (const late of ["pending", "failed", "delivered"])
      for (const attempts of [0, 1])
        await database.admin(
          `select c.* from (select set_config('plimsoll.tenant', $1, true)) s,
             lateral plimsoll.close_webhook_attempt($2, $3, $4, 500, 'It came late.', 0, true) c`,
          [ann.tenant, delivery!.id, attempts, late],
        );
    assert.deepEqual(await deliveriesOf(id), [delivery]);
    const kept = await database.admin("select failing_since, disabled from plimsoll.webhook_endpoints where id = $1", [id]);
    assert.deepEqual(kept, [{ failing_since: null, disabled: null }]);
  });

  it("fail after the last attempt, and are replayed by event, with the same id", async () => {
    const { id, path } = await endpoint();
    server.respond(path, 500, 500, 500, 302, 200);
    await app.call(place, { order: "replayed" });
    await settled(id, "failed");
    const [failed] = await deliveriesOf(id);
    assert.deepEqual([failed?.attempts, failed?.status, /status 500/.test(failed?.problem ?? "")], [3, 500, true]);
    assert.deepEqual(await app.as(testActor({ id: "ben", tenant: "other" })).call(replay, { endpoint: id }), { count: 0 });
    assert.deepEqual(await app.call(replay, { endpoint: id, event: failed!.event }), { count: 1 });
    await settled(id, "delivered");
    assert.equal(server.at("/elsewhere").length, 0, "a redirect is not followed");
    assert.equal(new Set(server.at(path).map(({ headers }) => headers["webhook-id"])).size, 1);
  });

  it("are replayed by time", async () => {
    const { id, path } = await endpoint();
    for (const order of ["t1", "t2"]) await app.call(place, { order });
    await settled(id, "delivered", 2);
    await database.admin(
      "update plimsoll.webhook_deliveries set recorded_at = '2026-01-01' where endpoint = $1 and id = (select min(id::text)::uuid from plimsoll.webhook_deliveries where endpoint = $1)",
      [id],
    );
    assert.deepEqual(await app.call(replay, { endpoint: id, from: "2025-12-31T00:00:00Z", until: "2026-01-02T00:00:00Z" }), { count: 1 });
    await settled(id, "delivered", 2);
    assert.equal(server.at(path).length, 3);
  });

  it("stop after a lasting failure, and say so; an endpoint that is switched on again gets what follows", async () => {
    const { id, path } = await endpoint();
    server.respond(path, 500);
    await app.call(place, { order: "first" });
    await settled(id, "failed");
    assert.deepEqual(
      notices.filter((notice) => notice.startsWith(path)),
      [],
    );
    await database.admin("update plimsoll.webhook_endpoints set failing_since = plimsoll.now() - interval '61 minutes' where id = $1", [
      id,
    ]);
    const disabled = app.app.events.signals.handled.next(({ subscription }) => subscription === "shop.on-disabled");
    await app.call(place, { order: "second" });
    await disabled;
    assert.match(notices.find((notice) => notice.startsWith(path)) ?? "", /status 500/);
    const { endpoints } = await app.call(list, {});
    assert.match(endpoints.find((one) => one.id === id)?.disabled ?? "", /status 500/);
    const before = server.at(path).length;
    const skipped = app.app.events.signals.handled.next(({ subscription }) => subscription === "hooks.fan-out");
    await app.call(place, { order: "third" });
    await skipped;
    server.respond(path, 200);
    assert.deepEqual(await app.call(change, { id, to: "on" }), { found: true });
    await app.call(place, { order: "fourth" });
    await settled(id, "delivered");
    assert.deepEqual(
      server
        .at(path)
        .slice(before)
        .map(({ body }) => JSON.parse(body).data.order),
      ["fourth"],
    );
  });

  it("stop at once where the receiver says that it is gone", async () => {
    const { id, path } = await endpoint();
    server.respond(path, 410);
    const disabled = app.app.events.signals.handled.next(({ subscription }) => subscription === "shop.on-disabled");
    await app.call(place, { order: "gone" });
    await disabled;
    assert.equal(server.at(path).length, 1);
    assert.match((await app.call(list, {})).endpoints.find((one) => one.id === id)?.disabled ?? "", /410/);
    await settled(id, "failed");
    server.respond(path, 200);
    await app.call(change, { id, to: "on" });
    assert.deepEqual(await app.call(replay, { endpoint: id, from: "2026-01-01T00:00:00Z" }), { count: 1 });
    await settled(id, "delivered");
  });

  it("are signed with both secrets after a rotation, and end with the endpoint", async () => {
    const { id, path, secret } = await endpoint();
    const { secret: next } = await app.call(change, { id, to: "rotate" });
    await app.call(place, { order: "rotated" });
    await settled(id, "delivered");
    const [{ body, headers } = { body: "", headers: {} }] = server.at(path);
    for (const one of [secret, next!]) new Webhook(one).verify(body, text(headers));
    const other = app.as(testActor({ id: "ben", tenant: "other" }));
    for (const to of ["rotate", "off", "remove"] as const) assert.equal((await other.call(change, { id, to })).found, false, to);
    assert.deepEqual(await app.call(change, { id, to: "remove" }), { found: true });
    assert.deepEqual(await deliveriesOf(id), []);
  });

  it("are deleted after 30 days by the clock, also where nothing is sent any more", async () => {
    const { id } = await endpoint();
    await app.call(place, { order: "old" });
    await app.call(place, { order: "kept" });
    await settled(id, "delivered", 2);
    const age = (order: string, days: number) =>
      database.admin(
        `update plimsoll.webhook_deliveries set made_at = plimsoll.now() - $2::integer * interval '1 day'
        where id = (select id from plimsoll.webhook_deliveries where endpoint = $1 order by recorded_at offset $3::integer limit 1)`,
        [id, days, order === "old" ? 0 : 1],
      );
    await age("old", 31);
    await age("kept", 29);
    // More than one turn of them: of an event that came long ago.
    await database.admin(
      `insert into plimsoll.webhook_deliveries (tenant, id, endpoint, event, event_name, recorded_at, payload, state, made_at)
      select tenant, gen_random_uuid(), id, gen_random_uuid(), 'shop.placed', plimsoll.now(), '', 'delivered', plimsoll.now() - interval '40 days'
      from plimsoll.webhook_endpoints, generate_series(1, 1500) where id = $1`,
      [id],
    );
    await database.admin("select plimsoll.set_clock_offset('1 hour')");
    await seen(database.adminUrl, "select from (select count(*) as n from plimsoll.webhook_deliveries where endpoint = $1) c where n = 1", [
      id,
    ]);
    await database.admin("select plimsoll.set_clock_offset('0')");
    assert.equal((await deliveriesOf(id)).length, 1);
  });

  it("keep their secrets and messages sealed", async () => {
    const { secret } = await endpoint();
    const rows = await database.admin<{ all: string }>(
      "select concat((select string_agg(secrets, ' ') from plimsoll.webhook_endpoints), (select string_agg(payload, ' ') from plimsoll.webhook_deliveries)) as all",
    );
    assert.ok(rows[0]!.all.includes("pv1."));
    for (const clear of [secret, secret.slice(6), "rotated", "shop.placed"]) assert.ok(!rows[0]!.all.includes(clear));
  });
});

describe("endpoints that are refused", () => {
  it("when they are sent to: an address of a private network, whatever its name", async () => {
    const strict = shopWith({});
    await using own = await testDatabase({ modules });
    await using other = await testApp({
      modules: strict.modules,
      database: own,
      actor: testActor({ id: "eve", tenant: "eve" }),
      vault: vault({ keys }),
    });
    const { id } = await other.call(strict.register, { url: `${server.url}/private` });
    await other.call(strict.place, { order: "private" });
    await seen(own.adminUrl, "select from plimsoll.webhook_deliveries where endpoint = $1 and state = 'failed'", [id]);
    assert.equal(server.at("/private").length, 0);
    assert.match((await other.call(strict.list, {})).deliveries[0]?.problem ?? "", /address/);
  });

  const strict = shopWith({}, false);
  const cases = [
    ["http://example.com/hook", "https"],
    ["ftp://example.com", "https"],
    ["nothing", "not a URL"],
    ["https://user:pass@example.com/", "user"],
    ["https://example.com/#here", "fragment"],
    ["https://127.0.0.1/", "IP address"],
    ["https://[::1]/", "IP address"],
    ["https://0x7f000001/", "IP address"],
    ["https://169.254.169.254/latest/meta-data", "IP address"],
    ["https://localhost/", "private network"],
    ["https://db/", "private network"],
    ["https://db.internal/", "private network"],
    ["https://printer.local./", "private network"],
    [`https://example.com/${"x".repeat(3_000)}`, "not a URL"],
  ] as const;
  it("when they are registered", async () => {
    await using other = await testApp({
      modules: strict.modules,
      database,
      actor: testActor({ id: "zoe", tenant: "zoe" }),
      vault: vault({ keys }),
    });
    for (const [url, why] of cases)
      await assert.rejects(other.call(strict.register, { url }), (fault: Error & { type: string }) => {
        assert.deepEqual([fault.type, fault.message.includes(why)], ["webhook_url_refused", true], `${url}: ${fault.message}`);
        return true;
      });
    await other.call(strict.register, { url: "https://example.com/hook?a={b}" });
    await assert.rejects(other.call(strict.register, { url: "https://example.com/", events: ["shop.unknown"] }), { code: "internal" });
    await database.admin(
      "insert into plimsoll.webhook_endpoints select 'zoe', gen_random_uuid(), url, events, secrets from plimsoll.webhook_endpoints, generate_series(1, 99) where tenant = 'zoe'",
    );
    await assert.rejects(other.call(strict.register, { url: "https://example.com/" }), { type: "webhook_endpoints_full" });
  });

  it("when the app is made", () => {
    assert.throws(() => outgoingWebhooks("hooks", { events: [placed], sender: {} as never, disableAfter: "1s" }), /disableAfter/);
    assert.throws(() => shopWith({}, true, { source: "urn:shop" }), /format: "cloudevents"/);
    assert.throws(() => shopWith({}, true, { format: "cloudevents", source: "no URI" }), { type: "cloud_event_invalid" });
    createApp({ modules: strict.modules, database });
  });
});
