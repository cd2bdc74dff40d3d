import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { command, createApp, event, module, query, secret, signedIn } from "plimsoll";
import { type TestApp, type TestDatabase, testApp } from "plimsoll/testing";
import { z } from "zod";
import { seen } from "../integration/scratch.ts";
import { add, gifts, given, logged, lose, move, peek, shelfApp, shelfDatabase, shelve } from "./shelf/shelf.ts";

const added = (name: string) => `shelf.book-added ${JSON.stringify({ name, copies: 1 })}`;
const lost = (name: string) => `shelf.book-lost ${JSON.stringify({ name })}`;

describe("emit", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await shelfDatabase();
    app = await shelfApp(database);
  });
  afterEach(() => database.admin("truncate plimsoll.events, shelf.books"));
  after(async () => {
    await app.stop();
    await database.drop();
  });

  it("writes with the commit, in the order of the calls", async () => {
    await app.call(add, { names: ["b", "a", "c"] });
    assert.deepEqual(await logged(database), [added("b"), added("a"), added("c")]);
  });

  it("costs no round trip: the statements of the handler are all that it waits for", async () => {
    const executed = app.executed(move);
    await app.call(move, { name: "a" });
    assert.equal((await executed).statements, 0);
    assert.deepEqual(await logged(database), [lost("a"), added("a")]);
  });

  it("says who, for whom, of which request and of which trace", async () => {
    const executed = app.executed(lose);
    await app.call(lose, { name: "a" });
    const { requestId, traceId, spanId } = await executed;
    const [row] = await database.admin(
      "select name, version, key, tenant, actor, causation, correlation, trace, xid::text::bigint > 0 as xid from plimsoll.events",
    );
    assert.deepEqual(row, {
      ...{ name: "shelf.book-lost", version: 2, key: "a", tenant: "acme", actor: "ann", xid: true },
      ...{ causation: requestId, correlation: requestId, trace: `00-${traceId}-${spanId}-01` },
    });
  });

  it("leaves nothing of a command that fails", async () => {
    await assert.rejects(app.call(add, { names: ["a"], ends: "fail" }), { code: "internal" });
    assert.deepEqual(await logged(database), []);
  });

  it("is undone with its attempt, and so is that of a command called in it", async () => {
    await app.call(add, { names: ["a"], ends: "undo" });
    assert.deepEqual(await logged(database), [added("a")]);
  });

  it("writes once where a conflict runs the command again", async () => {
    await app.call(add, { names: ["a"], ends: "again" });
    assert.deepEqual(await logged(database), [added("a")]);
  });

  it("writes once under a key", async () => {
    await app.call(add, { names: ["a"] }, { key: "same" });
    await app.call(add, { names: ["a"] }, { key: "same" });
    assert.deepEqual(await logged(database), [added("a")]);
  });

  it("works in a command that a task completes with", async () => {
    const { id } = await app.app.tasks.start(shelve, { name: "a" }, { tenant: "acme", actor: "ann" });
    const row = await seen<{ causation: string; tenant: string }>(database.adminUrl, "select causation, tenant from plimsoll.events");
    assert.deepEqual(row, { causation: id, tenant: "acme" });
  });

  for (const what of Object.keys(gifts).filter((name) => name !== "right"))
    for (const caught of [false, true])
      it(`commits nothing where what is emitted is ${what}${caught ? ", also where the handler catches the refusal" : ""}`, async () => {
        await assert.rejects(app.call(given, { what, caught }), { code: "internal" });
        assert.deepEqual([await logged(database), await database.admin("select from shelf.books")], [[], []]);
      });

  it("stores what its schema has, and nothing else", async () => {
    await app.call(given, { what: "right" });
    assert.deepEqual(await logged(database), [added("a")]);
  });

  it("is refused in a query", async () => {
    await assert.rejects(app.call(peek, {}), (fault: { cause?: unknown }) => /only a command emits events/.test(String(fault.cause)));
  });
});

const Data = z.object({ id: z.string() });
const shared = { input: z.object({}), output: z.object({}), access: signedIn(), budget: "1s", idempotent: "no" } as const;
const made = event("one.made", { data: Data, key: ({ id }) => id });
const makes = command("one.make", { ...shared, emits: [made], run: async () => ({}) });

describe("events that an app refuses at its start", () => {
  const cases = [
    [
      "a name that is taken twice",
      [module("one", { operations: [], events: [made, made] })],
      /one\.made: events: Two events have this name and the version 1/,
    ],
    ["an event of no module", [module("one", { operations: [makes] })], /one\.make: emits: No module lists the event one\.made/],
    [
      "an event of another module",
      [
        module("one", { operations: [], events: [made] }),
        module("two", { operations: [command("two.make", { ...shared, emits: [made], run: async () => ({}) })] }),
      ],
      /two\.make: emits: one\.made is an event of the module one/,
    ],
    [
      "a name that does not begin with the module",
      [module("two", { operations: [], events: [made] })],
      /one\.made: name: An event is lower case and begins with its module/,
    ],
    [
      "a secret",
      [module("one", { operations: [], events: [event("one.made", { data: z.object({ id: secret(z.string()) }), key: () => "a" })] })],
      /one\.made: data: It has a secret/,
    ],
    [
      "data that is no object",
      [module("one", { operations: [], events: [event("one.made", { data: z.string(), key: (id) => id })] })],
      /one\.made: data: The data is an object/,
    ],
    [
      "a version that is no whole number",
      [module("one", { operations: [], events: [event("one.made", { version: 0.5, data: Data, key: ({ id }) => id })] })],
      /one\.made: version: The version is 0\.5/,
    ],
    [
      "a query that emits",
      [
        module("one", {
          operations: [query("one.look", { ...shared, emits: [made], run: async () => ({}) } as never)],
          events: [made],
        }),
      ],
      /one\.look: emits: A query has no transaction in which an event could be written/,
    ],
  ] as const;
  for (const [what, modules, message] of cases)
    it(what, () => assert.throws(() => createApp({ modules: [...modules] }), { type: "app_invalid", message }));

  it("takes two versions of a name", () => {
    const second = event("one.made", { version: 2, data: Data, key: ({ id }) => id });
    createApp({ modules: [module("one", { operations: [makes], events: [made, second] })] });
  });

  it("fails to emit where there is no database that keeps events", async () => {
    await using app = await testApp({ modules: [module("one", { operations: [makes], events: [made] })] });
    await assert.rejects(app.call(makes, {}), { code: "unauthenticated" });
  });
});
