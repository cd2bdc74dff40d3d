import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import pg from "pg";
import { elasticsearch, type SearchStore } from "plimsoll/search";
import { searchStoreConformance, type TestApp, TestClock, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { runtimeOf } from "../../src/app/app.ts";
import type { Database } from "../../src/operation/transaction.ts";
import { FakeElasticsearch } from "./fake-elasticsearch.ts";

const target = { index: "shelf.books", text: ["title"], language: "english", beside: false } as const;
const documents = ["1", "2", "3"].map((id) => ({ tenant: "acme", id, position: `000${id}`, document: { id, title: "sea" } }));

describe("a search index in the database", () => {
  let database: TestDatabase;
  let app: TestApp;
  const store = () => (runtimeOf(app.app).database as Database & { readonly search: SearchStore }).search;
  before(async () => {
    database = await testDatabase({ modules: [] });
    app = await testApp({ modules: [], database });
  });
  after(async () => {
    await app.stop();
    await database.drop();
  });
  for (const { name, run } of searchStoreConformance({ create: () => store() })) it(name, run);

  it("knows the forms of an English word, and gives the words of the first field more weight", async () => {
    const books = { ...target, index: "shelf.weights", text: ["title", "note"] };
    await store().prepare(books);
    const book = (id: string, title: string, note: string) => ({ tenant: "", id, position: "1", document: { title, note } });
    await store().write(books, [book("a", "on land", "whales"), book("b", "a whale", "none")]);
    const hits = await store().search(books, { tenant: "", text: "whaling whales", limit: 5, after: undefined });
    assert.deepEqual(
      hits.map(({ id }) => id),
      ["b", "a"],
    );
  });

  it("shows the role of the application no row of the table", async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await assert.rejects(client.query("select from plimsoll.search_documents"), /permission denied/);
    await client.end();
  });
});

describe("a search index in Elasticsearch, of which a fake speaks the protocol", () => {
  const fake = new FakeElasticsearch();
  const create = () => elasticsearch({ url: "http://search.test", fetch: fake.fetch });
  for (const { name, run } of searchStoreConformance({ create })) it(name, run);
});

describe("Elasticsearch in trouble", () => {
  const begin = async () => {
    const [fake, clock] = [new FakeElasticsearch(), new TestClock()];
    const store = elasticsearch({ url: "http://search.test/", fetch: fake.fetch, clock });
    await store.prepare(target);
    fake.requests.length = 0;
    return { fake, clock, store };
  };
  const bulks = ({ requests }: FakeElasticsearch) => requests.filter((request) => request.includes("_bulk"));

  it("sends again what was refused because it was busy, and that alone, after a while", async () => {
    const { fake, clock, store } = await begin();
    fake.troubles.push({ status: 429, headers: { "retry-after": "2" } });
    fake.itemStatuses.push([200, 429, 409], [429, 200]);
    const written = store.write(target, documents);
    await clock.advanceAsync(1_900);
    assert.equal(bulks(fake).length, 1);
    await clock.advanceAsync(1_000);
    await written;
    assert.equal(bulks(fake).length, 4);
    assert.equal((await store.load(target, documents)).length, 3);
  });

  it("waits no longer than its attempts", async () => {
    const { fake, clock, store } = await begin();
    for (let at = 0; at < 9; at++) fake.troubles.push({ status: 429 });
    const refused = assert.rejects(store.write(target, documents), { code: "unavailable", type: "search_unavailable" });
    await clock.advanceAsync(60_000);
    await refused;
    assert.equal(fake.requests.length, 5);
  });

  it("is away where it fails, does not respond, or refuses the credentials", async () => {
    const { fake, clock, store } = await begin();
    const away = { code: "unavailable", type: "search_unavailable" };
    for (const status of [500, 503, 401, 403]) {
      fake.troubles.push({ status });
      await assert.rejects(store.write(target, documents), away);
    }
    fake.itemStatuses.push([503]);
    await assert.rejects(store.write(target, documents.slice(0, 1)), away);
    const silent = elasticsearch({ url: "http://search.test", fetch: () => new Promise(() => {}), clock });
    const late = assert.rejects(silent.load(target, documents), away);
    await clock.advanceAsync(10_000);
    await late;
    const html = elasticsearch({ url: "http://search.test", fetch: async () => new Response("<p>"), clock });
    await assert.rejects(html.load(target, documents), away);
  });

  it("says which index refuses a document, and nothing that the document says", async () => {
    const { fake, store } = await begin();
    fake.itemStatuses.push([400]);
    await assert.rejects(store.write(target, documents.slice(0, 1)), {
      type: "search_document_refused",
      message: /shelf\.books: refused\./,
    });
  });

  it("sends large batches in several requests", async () => {
    const { fake, store } = await begin();
    const large = documents.map((one) => ({ ...one, document: { ...one.document, note: "x".repeat(2_000_000) } }));
    await store.write(target, large);
    assert.equal(bulks(fake).length, 2);
  });
});
