import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { parsePosition, positionText } from "../../src/events/position.ts";
import { seen } from "../integration/scratch.ts";
import { bodies, note, readerApp, readerDatabase, reads } from "./shelf/reader.ts";
import { add } from "./shelf/shelf.ts";

describe("a replay of a subscription", () => {
  let database: TestDatabase;
  let app: TestApp;
  const positions = new Map<string, string>();
  before(async () => {
    database = await readerDatabase();
    app = await readerApp(database, { subscriptions: [reads] });
    bodies.set("reader.reads", async ({ name }, { event, commit }) => {
      positions.set(name, event.position);
      await commit(({ call }) => call(note, { event: event.id, key: event.key, note: name }));
    });
    for (const name of ["a", "b", "c"]) await app.call(add, { names: [name] });
    await noted(3);
  });
  after(async () => {
    await app.stop();
    await database.drop();
  });
  const noted = (count: number) => seen(database.adminUrl, "select from (select count(*) as n from shelf.seen) s where n = $1", [count]);
  const notes = async () => (await database.admin<{ note: string }>("select note from shelf.seen order by note")).map((row) => row.note);
  const replay = (from: Date | string, by?: string) => app.app.events.replay("reader.reads", { from, reason: "wrong total", by });

  it("begins at a position, and keeps who wanted it and why", async () => {
    const from = positions.get("b") as string;
    assert.equal(await replay(from, "ann"), true);
    await noted(5);
    assert.deepEqual(await notes(), ["a", "b", "b", "c", "c"]);
    const [last, ...others] = await app.app.events.replays({ subscription: "reader.reads" });
    assert.deepEqual([others, last?.by, last?.reason, last && positionText(last)], [[], "ann", "wrong total", from]);
    assert.ok(Math.abs(Date.parse(last!.replayedAt) - Date.now()) < 60_000);
  });

  const refused: readonly (readonly [Date | string, string, string, string])[] = [
    ["1/2", "why", "ann", "replay_invalid"],
    ["yesterday", "why", "ann", "replay_invalid"],
    [new Date(Number.NaN), "why", "ann", "replay_invalid"],
    ["1/2/3", "why", "a".repeat(501), "replay_invalid"],
    ["1/2/3", "", "ann", "reason_invalid"],
    ["1/2/3", "a".repeat(501), "ann", "reason_invalid"],
  ];
  for (const [from, reason, by, type] of refused)
    it(`is refused from ${from} for ${reason.length} characters of a reason by ${by.length}: ${type}`, () =>
      assert.rejects(app.app.events.replay("reader.reads", { from, reason, by }), { type }));

  it("changes nothing where there is no such subscription, or no such event", async () => {
    assert.equal(await app.app.events.replay("reader.none", { from: "1/2/3", reason: "why" }), false);
    assert.equal(await replay("999999999/1/1"), false);
    assert.equal((await app.app.events.replays()).length, 1);
  });

  for (const [where, prepare] of [
    ["a partition", "select plimsoll.make_event_partition((now() at time zone 'UTC')::date - 20)"],
    ["the rest", "select"],
  ] as const)
    it(`is refused where retention has taken an event of its own out of ${where}, and not behind it`, async () => {
      await database.admin("truncate plimsoll.event_cuts, shelf.seen");
      const oldest = where === "a partition" ? "a" : "b";
      await database.admin(prepare);
      await database.admin(`update plimsoll.events set recorded_at = recorded_at - interval '20 days' where data::json ->> 'name' = $1`, [
        oldest,
      ]);
      await database.admin("select plimsoll.keep_events(604800000, 1, 604800000, 100)");
      await assert.rejects(replay(new Date(Date.now() - 30 * 86_400_000)), { type: "events_dropped" });
      await assert.rejects(replay(positions.get(oldest) as string), { type: "events_dropped" });
      await database.admin("update plimsoll.event_cuts set name = 'shelf.other' where name = 'shelf.book-added'");
      assert.equal(await replay(positions.get("c") as string), true, "what it does not read may be gone");
      await noted(1);
      assert.deepEqual(await notes(), ["c"]);
    });
});

describe("a position as people write it", () => {
  it("is read as it is shown", () =>
    assert.deepEqual(parsePosition(positionText({ epoch: 2, xid: "18446744073709", seq: 7 })), {
      epoch: 2,
      xid: "18446744073709",
      seq: 7,
    }));
  for (const text of ["", "1/2", "1/2/3/4", "1/02/3", "-1/2/3", "1/2/x", " 1/2/3", "1/2/3\n"])
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parsePosition(text), undefined));
});
