import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { module, subscription } from "plimsoll";
import { elasticsearch, type SearchStore, searchIndex } from "plimsoll/search";
import { type TestApp, type TestAppSpec, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { findBooks, loseBook, put, putBook, shelf } from "../../examples/search/shelf.ts";
import { FakeElasticsearch } from "./fake-elasticsearch.ts";

const ann = testActor({ id: "ann", tenant: "acme" });
const bob = testActor({ id: "bob", tenant: "globex" });

const onPut = subscription("tally.on-put", { on: [put], budget: "5s", run: async () => {} });
/** Its documents are five times as large as the events. */
const large = searchIndex("tally.large", {
  ...{ on: [put], document: z.object({ id: z.string(), note: z.string() }), key: "id", text: ["note"] },
  apply: (_, { data: { id, note } }) => ({ id, note: note.repeat(5) }),
});
const tally = module("tally", { operations: [onPut], projections: [large] });

/** Returns the position of what a call has written. */
async function positionOf(call: (onPosition: (position: string) => void) => Promise<unknown>): Promise<string> {
  const positions: string[] = [];
  await call((position) => void positions.push(position));
  return positions[0] ?? "";
}

describe("a search index that follows from events", () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];
  const start = async (spec: Partial<TestAppSpec> = {}) => {
    const app = await testApp({ modules: [shelf, tally], database, actor: ann, ...spec });
    apps.push(app);
    return app;
  };
  before(async () => {
    database = await testDatabase({ modules: [shelf, tally] });
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.stop()));
    await database.admin(
      "delete from plimsoll.subscriptions; delete from plimsoll.event_workers; truncate plimsoll.events, plimsoll.search_indexes, plimsoll.search_documents",
    );
  });
  after(() => database.drop());

  /** Puts a book, and returns the position that shows it. */
  const write = (app: TestApp, id: string, title: string) => positionOf((onPosition) => app.call(putBook, { id, title }, { onPosition }));
  const find = async (app: TestApp, text: string, after?: string) => {
    const { books } = await app.call(findBooks, { text }, after === undefined ? {} : { after });
    return books.map(({ id, editions }) => `${id} ${editions}`);
  };
  /** The next time that the index of books was rebuilt; that of the large ones may be before. */
  const rebuiltBooks = async (app: TestApp) => {
    while ((await signalsOf(app).rebuilt.next()).projection !== "shelf.books");
  };
  const signalsOf = (app: TestApp) => app.app.events.signals;

  const kinds: readonly (readonly [string, () => { readonly search?: SearchStore }])[] = [
    ["in the database", () => ({})],
    ["in Elasticsearch, by a fake", () => ({ search: elasticsearch({ url: "http://search.test", fetch: new FakeElasticsearch().fetch }) })],
  ];
  for (const [where, kind] of kinds)
    it(`finds what a command has written, for its tenant alone, ${where}`, async () => {
      const app = await start(kind());
      await write(app, "a", "The sea wolf");
      await write(app, "a", "The sea wolves");
      const other = app.as(bob);
      await write(other, "a", "The sea of the others");
      const after = await write(app, "b", "The sea");
      assert.deepEqual(await find(app, "sea", after), ["b 1", "a 2"].toSorted());
      assert.deepEqual(await find(other, "sea", after), ["a 1"]);
      assert.deepEqual(await find(other, "wolves"), []);
      const gone = await positionOf((onPosition) => app.call(loseBook, { id: "a" }, { onPosition }));
      assert.deepEqual(await find(app, "sea", gone), ["b 1"]);
      for (const text of ["-".repeat(34), "sea & -", "\0", "\ud800", "x".repeat(2_000)]) await find(app, text);
    });

  it("waits where the engine is away, and holds nothing else up", async () => {
    const fake = new FakeElasticsearch();
    const down = { is: true };
    const fetch: typeof fake.fetch = (...asked) => (down.is ? Promise.reject(new TypeError("connection refused")) : fake.fetch(...asked));
    const app = await start({ search: elasticsearch({ url: "http://search.test", fetch }) });
    const failing = signalsOf(app).failing.next();
    const handled = signalsOf(app).handled.next();
    await write(app, "a", "sea");
    assert.match(String((await failing).error), /Elasticsearch could not be asked/);
    assert.equal((await handled).subscription, "tally.on-put");
    await assert.rejects(find(app, "sea"), { code: "unavailable", type: "search_unavailable" });
    const [shown] = (await app.app.events.projections.list()).filter(({ name }) => name === "shelf.books");
    assert.equal(shown?.lag, 1);
    down.is = false;
    const after = await write(app, "b", "sea");
    assert.deepEqual(await find(app, "sea", after), ["a 1", "b 1"]);
  });

  it("skips a document that is too large, alone, with the reason", async () => {
    const app = await start();
    const skipped = signalsOf(app).skipped.next();
    await app.call(putBook, { id: "a", title: "sea", note: "x".repeat(60_000) });
    const { projection, reason } = await skipped;
    assert.equal(projection, "tally.large");
    assert.match(reason, /^the document has 300\d{3} bytes, and 262144 are allowed/);
    assert.deepEqual(await find(app, "sea", await write(app, "b", "sea")), ["a 1", "b 1"]);
  });

  it("skips a document that the engine refuses, alone, with the reason", async () => {
    const fake = new FakeElasticsearch();
    fake.refuses = "refused";
    const app = await start({ search: elasticsearch({ url: "http://search.test", fetch: fake.fetch }) });
    const skipped = signalsOf(app).skipped.next();
    await write(app, "a", "sea");
    await write(app, "refused", "sea");
    const after = await write(app, "b", "sea");
    assert.match((await skipped).reason, /refuses a document of /);
    assert.deepEqual(await find(app, "sea", after), ["a 1", "b 1"]);
  });

  it("applies an event once, where the process was lost between the engine and the database", async () => {
    const fake = new FakeElasticsearch();
    const search = elasticsearch({ url: "http://search.test", fetch: fake.fetch });
    const app = await start({ search });
    const after = await write(app, "a", "sea");
    assert.deepEqual(await find(app, "sea", after), ["a 1"]);
    const before = await database.admin<{ epoch: number; xid: string; seq: string }>(
      "select epoch, xid::text, seq::text from plimsoll.subscription_partitions where subscription = 'shelf.books'",
    );
    const later = await write(app, "a", "sea again");
    assert.deepEqual(await find(app, "sea", later), ["a 2"]);
    await app.stop();
    apps.length = 0;
    const { epoch, xid, seq } = before[0]!;
    await database.admin(
      `update plimsoll.subscription_partitions set epoch = ${epoch}, xid = '${xid}', seq = ${seq} where subscription = 'shelf.books'`,
    );
    const other = await start({ search });
    assert.deepEqual(await find(other, "sea", later), ["a 2"]);
  });

  it("is rebuilt beside the one that is searched, and made again where it was lost", async () => {
    const fake = new FakeElasticsearch();
    const app = await start({ search: elasticsearch({ url: "http://search.test", fetch: fake.fetch }) });
    const after = await write(app, "a", "sea");
    assert.deepEqual(await find(app, "sea", after), ["a 1"]);
    const ofBooks = () => [...fake.indexes.keys()].filter((name) => name.startsWith("plimsoll-shelf.books"));
    const [first] = ofBooks();
    const rebuilt = rebuiltBooks(app);
    assert.equal(await app.app.events.projections.rebuild("shelf.books"), true);
    await rebuilt;
    assert.deepEqual(await find(app, "sea"), ["a 1"]);
    assert.equal(ofBooks().length, 1);
    assert.notEqual(ofBooks()[0], first);
    fake.indexes.clear();
    const again = rebuiltBooks(app);
    await write(app, "b", "sea");
    await again;
    assert.deepEqual(await find(app, "sea"), ["a 1", "b 1"]);
  });

  it("ends a search whose engine finds a document of another tenant", async () => {
    const fake = new FakeElasticsearch();
    const app = await start({ search: elasticsearch({ url: "http://search.test", fetch: fake.fetch }) });
    const after = await write(app, "a", "sea");
    await find(app, "sea", after);
    fake.mixesTenants = true;
    await assert.rejects(find(app.as(bob), "sea"), { code: "internal" });
  });
});
