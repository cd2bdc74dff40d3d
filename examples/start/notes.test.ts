import assert from "node:assert/strict";
import { test } from "node:test";
import { testActor, testApp, testDatabase } from "plimsoll/testing";
import { addNote, getNote, listNotes, notes } from "./notes.ts";

const ada = testActor({ id: "ada" });
const ben = testActor({ id: "ben" });

test("notes", async (t) => {
  await using database = await testDatabase({ modules: [notes] });
  await using app = await testApp({ modules: [notes], database, actor: ada });

  await t.test("a note is written once, however often it is sent", async () => {
    const first = await app.call(addNote, { title: "Tides", body: "High at six." }, { key: "one" });
    const again = await app.call(addNote, { title: "Tides", body: "High at six." }, { key: "one" });
    assert.deepEqual(again, first);
    assert.equal((await app.call(listNotes, {})).items.length, 1);
  });

  await t.test("a title is taken by the author's own notes only", async () => {
    await assert.rejects(app.call(addNote, { title: "Tides", body: "" }), { code: "already_exists", type: "title_taken" });
    await app.as(ben).call(addNote, { title: "Tides", body: "" });
  });

  await t.test("another author's note gets the response of one that does not exist", async () => {
    const { id: noteId } = await app.call(addNote, { title: "Ada's own", body: "" });
    await assert.rejects(app.as(ben).call(getNote, { noteId }), { code: "not_found" });
  });
});
