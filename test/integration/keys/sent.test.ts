import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { command, signedIn } from "plimsoll";
import { type TestDatabase, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { ann, countItems, lists, makerNames, makers, passes, puts, serveShelf, shelf, shelfOf } from "./shelf.ts";

let keys = 0;
const newKey = () => `key-${++keys}`;
const type = ({ json }: { readonly json: { readonly type?: string } }) => json.type;

describe("a key stands for what was sent, not for what the schema made of it", () => {
  let database: TestDatabase;
  let served: Awaited<ReturnType<typeof serveShelf>>;
  before(async () => {
    database = await testDatabase({ modules: [shelf] });
    served = await serveShelf(database);
  });
  after(async () => {
    await served.app.stop();
    await database.drop();
  });

  for (const maker of makerNames) {
    const { sent } = makers[maker];
    for (const through of ["socket", "fetch"] as const)
      it(`where a ${maker} makes a value, through ${through}`, async () => {
        const [key, name] = [newKey(), `${maker}-${through}`];
        const first = await served.ask(`POST /put/${maker}/${name}`, { key, body: sent, through });
        const again = await served.ask(`POST /put/${maker}/${name}`, { key, body: sent, through });
        assert.deepEqual([first.status, again.status, again.json], [200, 200, first.json]);
        assert.equal(again.headers.get("idempotency-replayed"), "true");
        assert.equal(await countItems(database, name), 1);
      });

    it(`where a ${maker} makes a value, called directly`, async () => {
      const [key, name] = [newKey(), `${maker}-direct`];
      const call = () => served.app.call(puts[maker], { name, ...sent } as never, { actor: ann, key });
      const first = await call();
      assert.deepEqual(await call().catch((error) => error.type), first);
      assert.equal(await countItems(database, name), 1);
    });

    it(`where a ${maker} makes a value, called by an action`, async () => {
      const [key, name] = [newKey(), `${maker}-called`];
      const call = () => served.app.call(passes[maker], { name, key }, { actor: ann });
      const first = await call();
      assert.deepEqual(await call().catch((error) => error.type), first);
      assert.equal(await countItems(database, name), 1);
    });
  }

  it("whatever the way on which it comes", async () => {
    const [key, name] = [newKey(), "any way"];
    const first = await served.ask(`POST /put/default/any%20way`, { key, body: {} });
    const fetched = await served.ask(`POST /put/default/any%20wa%79`, {
      key,
      body: { name: "of the path, not of the body" },
      through: "fetch",
    });
    const direct = await served.app.call(puts.default, { name } as never, { actor: ann, key }).catch((error) => error.type);
    assert.deepEqual([fetched.json, direct], [first.json, first.json]);
    assert.equal(await countItems(database, name), 1);
  });

  it("and another value that was sent is another request (as before)", async () => {
    const key = newKey();
    assert.equal((await served.ask("POST /put/default/one", { key, body: { made: "a" } })).status, 200);
    assert.equal(type(await served.ask("POST /put/default/one", { key, body: { made: "b" } })), "urn:plimsoll:idempotency_key_reused");
    assert.equal(type(await served.ask("POST /put/default/two", { key, body: { made: "a" } })), "urn:plimsoll:idempotency_key_reused");
  });

  it("also where the order of keys, spaces and the spelling of a number differ (as before)", async () => {
    const key = newKey();
    const first = await served.ask("POST /put/default/spelled", { key, body: '{"made":"\\u0061","more":{"x":1.0,"y":[1e2,-0]}}' });
    const again = await served.ask("POST /put/default/spelled", {
      key,
      body: ' { "more" : { "y" : [ 100 , 0 ], "x" : 1 } ,\n"made" : "a" }',
    });
    assert.deepEqual([first.status, again.status, again.json], [200, 200, first.json]);
  });
});

/** Any JSON, and the same with the keys of its objects in another order. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, reversed(inner)]),
  );
};

describe("a key, for any JSON that is sent,", () => {
  const keep = command("shelf.keep", {
    input: z.object({ value: z.json(), at: z.string().default(() => `made ${++keys}`) }),
    output: z.object({ at: z.string() }),
    access: signedIn(),
    idempotent: "key",
    budget: "10s",
    http: "POST /keep",
    run: async ({ at }) => ({ at }),
  });

  it("is that of the same value in another spelling, and of no other value", async () => {
    await using database = await testDatabase({ modules: [shelfOf([keep])] });
    await using served = await serveShelf(database, { modules: [shelfOf([keep])] });
    const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('"__proto__":'));
    await fc.assert(
      fc.asyncProperty(json, json, async (one, other) => {
        const key = newKey();
        const first = await served.ask("POST /keep", { key, body: { value: one } });
        const again = await served.ask("POST /keep", { key, body: JSON.stringify(reversed({ value: one }), undefined, 2) });
        const different = await served.ask("POST /keep", { key, body: { value: other } });
        assert.deepEqual([first.status, again.status, again.json], [200, 200, first.json]);
        const isSame = JSON.stringify(reversed(reversed(one))) === JSON.stringify(other);
        if (!isSame && different.status === 200) assert.deepEqual(sorted(other), sorted(one));
      }),
      { numRuns: 60 },
    );
  });
});

/** As JSON compares: no order of keys, and no -0. */
const sorted = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, inner) =>
      inner !== null && typeof inner === "object" && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort()) : inner,
    ),
  );

describe("a cursor stands for what was sent", () => {
  for (const maker of makerNames)
    for (const through of ["socket", "fetch"] as const)
      it(`where a ${maker} makes a value, through ${through}`, async () => {
        await using database = await testDatabase({ modules: [shelf] });
        await using served = await serveShelf(database);
        for (const name of ["a", "b"]) await served.ask(`POST /put/default/${name}`, { key: newKey(), body: {} });
        const query = new URLSearchParams(makers[maker].sent).toString();
        const first = await served.ask(`GET /list/${maker}?${query}`, { through });
        const next = await served.ask(`GET /list/${maker}?cursor=${first.json.nextCursor}&${query}`, { through });
        assert.deepEqual([first.status, next.status, next.json.items?.length], [200, 200, 1]);
        assert.notDeepEqual(next.json.items, first.json.items);
      });

  it("and is refused for another filter, also one that the schema makes nothing of (as before)", async () => {
    await using database = await testDatabase({ modules: [shelf] });
    await using served = await serveShelf(database);
    for (const name of ["a", "b"]) await served.ask(`POST /put/default/${name}`, { key: newKey(), body: {} });
    const { json } = await served.ask("GET /list/default?made=x&name=a");
    const others = ["made=x&name=b", "made=y&name=a", "made=x"];
    for (const other of others)
      assert.equal(type(await served.ask(`GET /list/default?cursor=${json.nextCursor}&${other}`)), "urn:plimsoll:cursor_invalid", other);
    assert.equal((await served.ask(`GET /list/default?limit=2&name=a&made=x&cursor=${json.nextCursor}`)).status, 200);
    await assert.doesNotReject(served.app.call(lists.default, { name: "a", made: "x", cursor: json.nextCursor }, { actor: ann }));
  });
});
