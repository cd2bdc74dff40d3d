import assert from "node:assert/strict";
import { test } from "node:test";
import * as plimsoll from "plimsoll";
import { testActor, testApp, testDatabase } from "plimsoll/testing";

test("what the guide to SQL quotes, runs", async () => {
  assert.ok("list" in plimsoll && "json" in plimsoll, "plimsoll exports list and json");
  const { addBook, findBooks, library } = await import("./guide.ts");
  await using database = await testDatabase({ modules: [library] });
  await using app = await testApp({ modules: [library], database, actor: testActor({ tenant: "acme" }) });
  const book = { title: "Load lines", priceCents: 1200, tags: [], note: "a plain text" };
  const { id, isFirst } = await app.call(addBook, book, { key: "first" });
  assert.equal(isFirst, true);
  await app.call(addBook, { ...book, title: "Ships", tags: ["sea"], note: [] }, { key: "second" });
  const titles = async (input: { ids?: string[]; tag?: string }) => (await app.call(findBooks, input)).books.map(({ title }) => title);
  assert.deepEqual(await titles({}), ["Load lines", "Ships"]);
  assert.deepEqual(await titles({ ids: [id] }), ["Load lines"]);
  assert.deepEqual(await titles({ ids: [] }), []);
  assert.deepEqual(await titles({ tag: "sea" }), ["Ships"]);
  await assert.rejects(app.call(addBook, { ...book, priceCents: 3_000_000_000 }, { key: "third" }), {
    type: "invalid_input",
    details: { problems: [{ pointer: "/priceCents", message: "The number is out of the range that this field can store." }] },
  });
});
