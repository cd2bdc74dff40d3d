import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { runtimeOf } from "../../src/app/app.ts";
import { seen } from "../integration/scratch.ts";
import { bodies, note, readerApp, readerDatabase, stops } from "./shelf/reader.ts";
import { add } from "./shelf/shelf.ts";

describe("the page /events of the ops port", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await readerDatabase();
    app = await readerApp(database, { subscriptions: [stops] });
  });
  after(async () => {
    await app.stop();
    await database.drop();
  });
  const ask = async (method: string, url: string, headers: Record<string, string> = { "plimsoll-ops": "yes" }) => {
    const [page] = runtimeOf(app.app).engineOf("subscription")?.pages ?? [];
    return page!.answer({ method, url, headers });
  };
  const of = "/events/subscriptions/reader.stops";

  it("shows and controls subscriptions", async () => {
    bodies.set("reader.stops", async () => {
      throw new RangeError("poisoned");
    });
    await app.call(add, { names: ["a/1", "b/1"] });
    await seen(database.adminUrl, "select from plimsoll.parked_events where due = 'infinity' having count(*) = 2");
    const { body } = (await ask("GET", "/events"))!;
    const { subscriptions, parked, deadLetters } = body as Record<string, readonly Record<string, unknown>[]>;
    assert.deepEqual([subscriptions![0]!.name, subscriptions![0]!.parked, subscriptions![0]!.stopped], ["reader.stops", 2, 2]);
    assert.match(String(subscriptions![0]!.position), /^\d+\/\d+\/\d+$/);
    assert.deepEqual([parked!.length, deadLetters], [2, []]);
    const [one, other] = parked!.map(({ id }) => id);
    assert.deepEqual((await ask("POST", `${of}/skip?id=${one}&reason=not+needed`))!.body, { skipped: true });
    bodies.set("reader.stops", async ({ name }, { event, commit }) => {
      await commit(({ call }) => call(note, { event: event.id, key: event.key, note: name }));
    });
    assert.deepEqual((await ask("POST", `${of}/retry?id=${other}`))!.body, { retried: true });
    await seen(database.adminUrl, "select from shelf.seen");
    const later = (await ask("GET", "/events"))!.body as { readonly deadLetters: readonly { readonly reason: string }[] };
    assert.deepEqual(
      later.deadLetters.map(({ reason }) => reason),
      ["not needed"],
    );
    assert.deepEqual((await ask("POST", `${of}/pause`))!.body, { paused: "reader.stops" });
    assert.deepEqual((await ask("POST", `${of}/resume`))!.body, { resumed: "reader.stops" });
    assert.deepEqual((await ask("POST", `${of}/forget`))!.body, { forgotten: false });
    assert.deepEqual((await ask("POST", `${of}/replay?from=2026-01-01T00:00:00Z&reason=wrong&by=ann`))!.body, { replayed: true });
  });

  it("shows the last events of the log without their data", async () => {
    const { events } = (await ask("GET", "/events/log?limit=1"))!.body as { readonly events: readonly Record<string, unknown>[] };
    const [last] = await database.admin("select id, name, key from plimsoll.every_event order by epoch desc, xid desc, seq desc limit 1");
    assert.deepEqual(
      events.map(({ id, name, key }) => ({ id, name, key })),
      [last],
    );
    assert.match(String(events[0]!.position), /^\d+\/\d+\/\d+$/);
    assert.equal("data" in events[0]!, false);
  });

  const refusals = [
    ["POST", `${of}/pause`, {}, 403],
    ["DELETE", "/events", undefined, 405],
    ["POST", `${of}/retry?id=a`, undefined, 400],
    ["POST", `${of}/replay?from=yesterday`, undefined, 400],
    ["GET", "/events/%E0%A4%A", undefined, 400],
  ] as const;
  for (const [method, url, headers, status] of refusals)
    it(`refuses ${method} ${url}${headers ? " without its header" : ""}`, async () =>
      assert.equal((await ask(method, url, headers))!.status, status));

  it("knows no other paths", async () => {
    assert.deepEqual(
      [await ask("GET", "/events/a"), await ask("POST", `${of}/other`), await ask("POST", "/events/a")],
      [undefined, undefined, undefined],
    );
  });
});
