import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import pg from "pg";
import { MessageReader, queryMessage, UnitReader } from "../../src/testing/crash/wire-messages.ts";
import { type Gate, type Passage, WireProxy } from "../../src/testing/crash/wire-proxy.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";

describe("messages of the wire", () => {
  it("are the same however the bytes are cut", () => {
    const texts = fc.array(
      fc.string({ unit: "grapheme", maxLength: 40 }).filter((text) => !text.includes("\0")),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(texts, fc.array(fc.nat(200), { maxLength: 20 }), (queries, cuts) => {
        const start = Buffer.from([0, 0, 0, 8, 0, 3, 0, 0]);
        const all = Buffer.concat([start, ...queries.map(queryMessage)]);
        const places = [0, ...cuts.map((cut) => cut % (all.length + 1)).toSorted((a, b) => a - b), all.length];
        const [reader, units] = [new MessageReader("client"), new UnitReader()];
        const messages = places.slice(1).flatMap((end, nth) => reader.read(all.subarray(places[nth], end)));
        assert.deepEqual(messages.shift(), start);
        assert.deepEqual(
          messages.map((message) => (units.read(message) as { text: string }).text),
          queries,
        );
      }),
    );
  });
});

describe("the proxy of the lab", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [] });
  });
  after(() => database.drop());

  /** A client behind a gate that does something with the statements that hold a text. */
  const behind = async (passes: (text: string) => Passage) => {
    const texts: string[] = [];
    const gate: Gate = {
      passes: (_link, { text }) => {
        texts.push(text);
        return passes(text);
      },
    };
    const proxy = new WireProxy(database.adminUrl, gate);
    await proxy.start();
    const client = new pg.Client({ connectionString: proxy.through(database.adminUrl) });
    client.on("error", () => undefined);
    await client.connect();
    return { proxy, client, texts, [Symbol.asyncDispose]: () => proxy.stop() };
  };
  const pass: Passage = { way: "pass" };

  it("sees every statement by its text, prepared or not, and changes nothing of what is said", async () => {
    await using field = await behind(() => pass);
    const named = { name: "sum", text: "select $1::int + 1 as sum" };
    for (const value of [1, 2]) assert.deepEqual((await field.client.query({ ...named, values: [value] })).rows, [{ sum: value + 1 }]);
    assert.equal((await field.client.query("select generate_series(1, 20000)")).rowCount, 20_000);
    await assert.rejects(field.client.query("select 1 / 0"), { code: "22012" });
    assert.deepEqual(field.texts, [named.text, named.text, "select generate_series(1, 20000)", "select 1 / 0"]);
  });

  it("lets the server refuse a statement, and undo the transaction at a commit", async () => {
    await using field = await behind((text) => (text === "commit" ? { way: "refuse" } : pass));
    await field.client.query("create table refused (n int)");
    await field.client.query("begin");
    await field.client.query("insert into refused values (1)");
    await assert.rejects(field.client.query("commit"), { code: "40001" });
    assert.deepEqual((await field.client.query("select n from refused")).rows, []);
  });

  it("lets nothing through after what it calls the last", async () => {
    let heard = "";
    const last: Passage = {
      way: "pass",
      last: true,
      answered: (outcome) => {
        heard = outcome;
        return "drop";
      },
    };
    await using field = await behind((text) => (text.includes("(1)") ? last : pass));
    await field.client.query("create table last (n int)");
    const unanswered = [field.client.query("insert into last values (1)"), field.client.query("insert into last values (2)")];
    while (heard === "") await database.admin("select 1");
    assert.equal(heard, "INSERT 0 1");
    assert.deepEqual(await database.admin("select n from last"), [{ n: 1 }]);
    await field.proxy.stop();
    await Promise.all(unanswered.map((query) => assert.rejects(query)));
  });

  it("leaves an abandoned client without a peer, and the server without its session", async () => {
    await using field = await behind(() => pass);
    const { rows } = await field.client.query<{ pid: number }>("select pg_backend_pid() as pid");
    field.proxy.abandon();
    let settled = false;
    const query = field.client.query("create table never (n int)").finally(() => {
      settled = true;
    });
    const again = new pg.Client({ connectionString: field.proxy.through(database.adminUrl) });
    again.on("error", () => undefined);
    const connecting = again.connect();
    while ((await database.admin("select from pg_stat_activity where pid = $1", [rows[0]?.pid])).length > 0);
    assert.equal(settled, false, "it hears nothing, not even an end");
    await field.proxy.stop();
    await Promise.all([assert.rejects(query), assert.rejects(connecting)]);
    assert.deepEqual(await database.admin("select from pg_class where relname = 'never'"), []);
  });
});
