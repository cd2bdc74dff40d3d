import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Line, type Product, take } from "../../../examples/shop/catalog/domain.ts";
import { withClient } from "../../../src/postgres/client.ts";
import { openTestShop, type TestShop } from "./open-shop.ts";

const anvil = { name: "Anvil", description: "Falls.", priceCents: 500, stock: 3 };

describe("catalog", () => {
  let shop: TestShop;
  let ada: string;
  let ben: string;
  before(async () => {
    shop = await openTestShop();
    ada = shop.token("Ada");
    ben = shop.token("Ben");
  });
  after(() => shop?.[Symbol.asyncDispose]());

  const list = async (query: string, token = ben) => {
    const found: Product[] = [];
    for (let cursor = ""; ; ) {
      const { status, body } = await shop.ask(`GET /v1/products?limit=90${query}${cursor}`, { token });
      assert.equal(status, 200, JSON.stringify(body));
      found.push(...body.items);
      if (body.nextCursor === undefined) return found;
      cursor = `&cursor=${body.nextCursor}`;
    }
  };

  it("lists every product of the tenant once, by name", async () => {
    const names = (await list("")).map(({ name }) => name);
    assert.ok(names.length >= 300);
    assert.equal(new Set(names).size, names.length);
    const sorted = await shop.database.admin<{ name: string }>(
      "select name from catalog.products where tenant_id = 'acme' order by name, id",
    );
    assert.deepEqual(
      names,
      sorted.map(({ name }) => name),
    );
  });

  it("finds words in any form, the best first, page by page", async () => {
    const found = await list("&query=rocket");
    assert.equal(found.length, 10);
    assert.ok(found.every(({ name }) => name.endsWith("Rocket Skates")));
    const birds = await list("&query=fast+bird");
    assert.equal(birds.length, 100, "all that are for hunters of fast birds");
    assert.ok(birds.slice(0, 10).every(({ name }) => name.endsWith("Bird Seed")));
    assert.equal(new Set(birds.map(({ id }) => id)).size, 100);
    assert.deepEqual(await list("&query=anchor"), [], "which only the other tenant sells");
    assert.equal((await list("&query=anchor", shop.token("Hana"))).length, 10);
  });

  it("takes a search as words, whatever signs are in it", async () => {
    for (const query of ["'; drop table", "a & | !", '"unclosed', ":*", "%", "\\"]) await list(`&query=${encodeURIComponent(query)}`);
  });

  it("refuses a cursor of another search", async () => {
    const { body } = await shop.ask("GET /v1/products?query=rocket&limit=2", { token: ben });
    const other = await shop.ask(`GET /v1/products?query=kite&limit=2&cursor=${body.nextCursor}`, { token: ben });
    assert.deepEqual([other.status, other.body.type], [400, "urn:plimsoll:cursor_invalid"]);
  });

  it("lets administrators make products, and no other user", async () => {
    const made = await shop.ask("POST /v1/products", { token: ada, body: anvil });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.equal(made.headers.get("location"), `/v1/products/${made.body.id}`);
    assert.equal(made.headers.get("etag"), '"1"');
    const read = await shop.ask(`GET ${made.headers.get("location")}`, { token: ben });
    assert.deepEqual(read.body, { ...anvil, id: made.body.id, version: 1 });
    const unchanged = await shop.ask(`GET /v1/products/${made.body.id}`, { token: ben, headers: { "if-none-match": '"1"' } });
    assert.equal(unchanged.status, 304);
    assert.equal((await shop.ask("POST /v1/products", { token: ben, body: anvil })).status, 403);
    assert.equal((await shop.ask("POST /v1/products", { body: anvil })).status, 401);
    assert.equal((await shop.ask("GET /v1/products")).status, 401);
  });

  it("refuses a text that cannot be stored, wherever it is", async () => {
    const answers = await Promise.all([
      shop.ask("GET /v1/products?query=a%00b", { token: ben }),
      shop.ask("POST /v1/products", { token: ada, body: { ...anvil, name: "a\u0000b" } }),
      shop.ask("POST /v1/sessions", { body: { tenant: "a\u0000b", email: "ben@acme.example", password: "none" } }),
    ]);
    for (const { status, body } of answers) assert.deepEqual([status, body.type], [400, "urn:plimsoll:text_unstorable"]);
  });

  it("tells every problem of a product with its place", async () => {
    const { status, body } = await shop.ask("POST /v1/products", { token: ada, body: { name: "", priceCents: 1.5, stock: -1 } });
    assert.equal(status, 400);
    assert.deepEqual(body.problems.map(({ pointer }: { pointer: string }) => pointer).toSorted(), ["/name", "/priceCents", "/stock"]);
  });

  it("changes a product only from the version that was read", async () => {
    const { body: made } = await shop.ask("POST /v1/products", { token: ada, body: anvil });
    const patch = (etag: string | undefined, body: object) =>
      shop.ask(`PATCH /v1/products/${made.id}`, { token: ada, body, headers: etag === undefined ? {} : { "if-match": etag } });
    assert.equal((await patch(undefined, { stock: 5 })).status, 428);
    const changed = await patch('"1"', { stock: 5 });
    assert.deepEqual([changed.status, changed.headers.get("etag")], [200, '"2"']);
    assert.deepEqual(changed.body, { ...anvil, id: made.id, stock: 5, version: 2 });
    const late = await patch('"1"', { name: "Mine" });
    assert.deepEqual([late.status, late.body.type], [412, "urn:plimsoll:version_mismatch"]);
    const both = await Promise.all([patch('"2"', { name: "One" }), patch('"2"', { name: "Two" })]);
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 412]);
  });

  it("searches with its index as the owner, which a plain query of the application cannot", async () => {
    const { database } = shop;
    await database.admin(`insert into catalog.products (tenant_id, id, name, description, price_cents, stock)
      select 'acme', gen_random_uuid(), 'Crate ' || n, 'Full of ' || md5(n::text), 1, 1 from generate_series(1, 20000) n`);
    await database.admin("vacuum analyze catalog.products");
    const [search] = await database.admin<{ source: string }>(
      "select prosrc as source from pg_proc where oid = 'catalog.search_products'::regproc",
    );
    const parameters = ["p_query", "p_after_rank", "p_after_id", "p_limit"];
    const source = parameters.reduce((text, name, index) => text.replaceAll(name, `$${index + 1}`), search?.source ?? "");
    const plan = (url: string, prepared: string, execute: string) =>
      withClient(url, async (client) => {
        await client.query("select set_config('plimsoll.tenant', 'acme', false)");
        await client.query(`prepare search ${prepared}`);
        const { rows } = await client.query<{ "QUERY PLAN": string }>(`explain execute search ${execute}`);
        return rows.map((row) => row["QUERY PLAN"]).join("\n");
      });
    const byFunction = await plan(database.adminUrl, `(text, real, uuid, integer) as ${source}`, "('rocket', null, null, 20)");
    assert.match(byFunction, /Bitmap Index Scan on products_words/);
    const plain = "(text) as select id from catalog.products where words @@ websearch_to_tsquery('english', $1)";
    assert.doesNotMatch(await plan(database.url, plain, "('rocket')"), /products_words/);
    assert.match(await plan(database.adminUrl, plain, "('rocket')"), /products_words/, "it is the policy that is in the way");
  });
});

describe("taking stock", () => {
  const product = (id: string, stock: number): Product => ({ ...anvil, id, stock, version: 1 });
  const line = (productId: string, quantity: number): Line => ({ productId, quantity });
  const cases = [
    { what: "all of it", wanted: [line("a", 3), line("b", 1)], taken: ["a 3", "b 1"], totalCents: 2_000 },
    { what: "lines of one product together", wanted: [line("a", 1), line("a", 2)], taken: ["a 3"], totalCents: 1_500 },
    { what: "nothing too much of one product in two lines", wanted: [line("a", 2), line("a", 2)], short: [{ ...line("a", 4), left: 3 }] },
    { what: "nothing that is not there", wanted: [line("x", 1), line("b", 1)], unknown: ["x"], taken: ["b 1"], totalCents: 500 },
  ];
  for (const { what, wanted, taken = [], totalCents = 0, short = [], unknown = [] } of cases)
    it(`takes ${what}`, () => {
      const taking = take(wanted, [product("a", 3), product("b", 1)]);
      assert.deepEqual(
        taking.lines.map(({ productId, quantity }) => `${productId} ${quantity}`),
        taken,
      );
      assert.deepEqual([taking.totalCents, taking.short, taking.unknown], [totalCents, short, unknown]);
    });
});
