import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { seen } from "../integration/scratch.ts";
import { earlier, meanwhile, say, saySerially, tally } from "./tally/tally.ts";

const ann = testActor({ id: "ann", tenant: "acme" });

describe("a projection that commands keep", () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];
  const start = async (spec: Partial<Parameters<typeof testApp>[0]> = {}) => {
    const app = await testApp({ modules: [tally], database, actor: ann, ...spec });
    apps.push(app);
    return app;
  };
  before(async () => {
    database = await testDatabase({ modules: [tally] });
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.stop()));
    await database.admin(
      `delete from plimsoll.subscriptions; delete from plimsoll.event_workers; delete from plimsoll.inline_rows;
      truncate plimsoll.events, tally.inline_words, tally.later_words, tally.inline_lengths, tally.later_lengths`,
    );
    Object.assign(meanwhile, { work: undefined, attempts: 0 });
  });
  after(() => database.drop());

  const live = (isLive = true) =>
    seen(
      database.adminUrl,
      `select from plimsoll.inline_projections where name = 'tally.inline-words' and (state = 'live') = ${isLive}
        and exists (select from plimsoll.inline_projections where name = 'tally.inline-lengths' and (state = 'live') = ${isLive})`,
    );
  const wordsOf = async (id: string) =>
    (await database.admin<{ words: string }>("select words from tally.inline_words where id = $1", [id]))[0]?.words;
  /** Both have all events, and the same rows. */
  async function same(app: TestApp): Promise<void> {
    await app.runUntilIdle();
    for (const table of ["words", "lengths"]) {
      const [inline, later] = await Promise.all(
        ["inline", "later"].map((name) => database.admin(`select * from tally.${name}_${table} t order by t::text`)),
      );
      assert.deepEqual(inline, later, `${table} are as the asynchronous ones`);
    }
    const [counts] = await database.admin<{ rows: number; events: number }>(
      "select (select sum(count)::int from tally.inline_lengths) as rows, (select count(*)::int from plimsoll.events) as events",
    );
    assert.equal(counts?.rows, counts?.events, "no event is missed, and none counts twice");
  }

  it("has the rows at the commit, those of asynchronous ones, also of what was there before", async () => {
    const old = await start({ modules: [earlier], roles: ["serve"] });
    await old.call(say, { id: "a", word: "one" });
    await old.stop();
    const app = await start();
    await live();
    assert.equal(await wordsOf("a"), "one");
    await app.call(say, { id: "a", word: "three" });
    assert.equal(await wordsOf("a"), "one three");
    await app.call(say, { id: "b", word: "x" });
    await app.call(say, { id: "b", word: "gone" });
    assert.equal(await wordsOf("b"), undefined);
    await app.call(say, { id: "b", word: "y" });
    assert.equal(await wordsOf("b"), "y");
    await same(app);
  });

  it("fails the command that emits what it cannot apply, and names itself", async () => {
    const app = await start();
    await live();
    await assert.rejects(app.call(say, { id: "a", word: "bad" }), (error: Error) => {
      assert.match(
        `${error.message} ${(error.cause as Error | undefined)?.message}`,
        /tally\.inline-words cannot apply tally\.said a: .*a bad word/,
      );
      return true;
    });
    assert.deepEqual(await database.admin("select from plimsoll.events"), []);
    assert.equal(await wordsOf("a"), undefined);
  });

  it("applies events in the order of all events: a transaction of an earlier id runs again", async () => {
    const app = await start();
    await live();
    meanwhile.work = () => app.call(say, { id: "a", word: "first" });
    await app.call(say, { id: "a", word: "second", early: true });
    assert.equal(meanwhile.attempts, 2);
    assert.equal(await wordsOf("a"), "first second");
    await same(app);
  });

  it("goes live while commands emit, and misses none of their events", async () => {
    const old = await start({ modules: [earlier], roles: ["serve"] });
    for (let n = 0; n < 20; n++) await old.call(say, { id: `${n % 4}`, word: `${n}` });
    await old.stop();
    const [app, other] = [await start({ roles: ["serve"] }), await start()];
    let n = 0;
    let isLive = false;
    const emitting = [app, other, app].map(async (from) => {
      while (!isLive || n % 10 !== 0) await from.call(say, { id: `${n % 4}`, word: `w${n++}` });
    });
    await live();
    isLive = true;
    await Promise.all(emitting);
    await same(other);
  });

  it("does not miss what a process of an earlier deploy emits: it is made again, and is live again once that has ended", async () => {
    const app = await start();
    await live();
    await app.call(say, { id: "a", word: "one" });
    const old = await start({ modules: [earlier], roles: ["serve"] });
    await old.call(say, { id: "a", word: "two" });
    await live(false);
    await Promise.all(Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? app : old).call(say, { id: "a", word: `${n}` })));
    await old.stop();
    await database.admin("select plimsoll.set_clock_offset(interval '11 s')");
    await live();
    await app.call(say, { id: "a", word: "last" });
    assert.match((await wordsOf("a")) ?? "", /^one two .* last$/);
    await same(app);
  });

  it("is made again beside the running one, which has every event until they change places", async () => {
    const [app, other] = [await start(), await start({ roles: ["serve"] })];
    await live();
    for (let n = 0; n < 20; n++) await other.call(say, { id: `${n % 4}`, word: `${n}` });
    await database.admin("update tally.inline_words set words = 'wrong' where id = '0'");
    const rebuilt = new Promise((resolve) => app.app.events.signals.rebuilt.on(resolve));
    await app.app.events.projections.rebuild("tally.inline-words");
    let isOver = false;
    const emitting = [app, other].map(async (from, at) => {
      for (let n = 0; !isOver; n++) {
        await from.call(say, { id: `n${at}`, word: `${n}` });
        assert.equal((await wordsOf(`n${at}`))?.split(" ").length, n + 1, "it is there at the commit");
      }
    });
    await rebuilt;
    isOver = true;
    await Promise.all(emitting);
    await same(app);
  });

  it("refuses a snapshot of before it was live, and runs again with a later one", async () => {
    const app = await start({ roles: ["serve"] });
    meanwhile.work = async () => {
      await start();
      await live();
    };
    await app.call(saySerially, { id: "a", word: "one", early: true });
    assert.equal(meanwhile.attempts, 2);
    assert.equal(await wordsOf("a"), "one");
  });
});
