import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { action, command, fault, query, signedIn } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { type TestDatabase, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { countItems, serveShelf, shelf, shelfOf } from "./shelf.ts";

let keys = 0;
const newKey = () => `key-${++keys}`;
const long = "x".repeat(9_000);

/** What `location` and `etag` make of an output, by name. */
const locations: Readonly<Record<string, (slug: string) => unknown>> = {
  plain: (slug) => `/shelf/${slug}`,
  throws: (slug) => (slug as unknown as { readonly none: string[] }).none[0],
  nothing: () => undefined,
  empty: () => "",
  number: () => 7,
  long: () => `/shelf/${long}`,
};
const etags: Readonly<Record<string, (slug: string) => unknown>> = {
  one: () => 1,
  slug: (slug) => slug,
  throws: (slug) => (slug as unknown as { readonly none: string[] }).none[0],
  nothing: () => undefined,
  noNumber: () => Number.NaN,
  long: () => long,
};

const shelve = command("shelf.shelve", {
  input: z.object({ slug: z.string(), location: z.string().default("plain"), etag: z.string().default("one") }),
  output: z.object({ slug: z.string(), location: z.string(), etag: z.string() }),
  access: signedIn(),
  idempotent: "key",
  budget: "10s",
  http: {
    route: "POST /shelve",
    status: 201,
    location: ({ slug, location }) => locations[location]?.(slug) as string,
    etag: ({ slug, etag }) => etags[etag]?.(slug) as string,
  },
  async run(input, { sql, newId }) {
    await sql`insert into shelf.items (id, name) values (${newId()}, ${`shelve ${input.slug}`.slice(0, 80)})`.run();
    return input;
  },
});

const checkOut = command("shelf.check-out", {
  ...{ input: z.object({ to: z.string() }), output: z.object({ to: z.string(), id: z.string() }), access: signedIn(), budget: "10s" },
  idempotent: "key",
  http: { route: "POST /check-out", status: 303, location: ({ to }) => to },
  async run({ to }, { sql, newId }) {
    const id = newId();
    await sql`insert into shelf.items (id, name) values (${id}, 'check-out')`.run();
    return { to: to === "/basket" ? `/orders/${id}` : to, id };
  },
});

describe("a reply's head is made before the commit:", () => {
  let database: TestDatabase;
  let served: Awaited<ReturnType<typeof serveShelf>>;
  before(async () => {
    database = await testDatabase({ modules: [shelf] });
    served = await serveShelf(database, { modules: [shelfOf([shelve, checkOut])] });
  });
  after(async () => {
    await served.app.stop();
    await database.drop();
  });

  const encoded: Readonly<Record<string, string>> = {
    "Küche & Bad": "/shelf/K%C3%BCche%20&%20Bad",
    "100%": "/shelf/100%25",
    "100%25": "/shelf/100%25",
    "日本/😀": "/shelf/%E6%97%A5%E6%9C%AC/%F0%9F%98%80",
    'a"b<c>\\': "/shelf/a%22b%3Cc%3E%5C",
    "line\r\nbreak: 1": "/shelf/line%0D%0Abreak:%201",
  };
  for (const [slug, location] of Object.entries(encoded))
    for (const through of ["socket", "fetch"] as const)
      it(`${JSON.stringify(slug)} in a location ${slug === "100%25" ? "stays as it is" : "is encoded"}, through ${through}${slug === "100%25" ? " (as before)" : ""}`, async () => {
        const reply = await served.ask("POST /shelve", { key: newKey(), body: { slug }, through });
        assert.deepEqual([reply.status, reply.headers.get("location"), reply.headers.get("etag")], [201, location, '"1"']);
      });

  const refused = [
    ...["throws", "nothing", "empty", "number", "long"].map((location) => ({ location })),
    ...["throws", "nothing", "noNumber", "long"].map((etag) => ({ etag })),
    { etag: "slug" },
    { slug: "no etag", etag: "slug" },
    { slug: 'no"etag', etag: "slug" },
  ];
  for (const body of refused)
    for (const key of [newKey(), undefined])
      it(`what ${JSON.stringify(body)} gives is refused and undone ${key === undefined ? "by a call without a network" : "over HTTP"}`, async () => {
        const sent = { slug: `ü ${JSON.stringify(body)}`, ...body };
        const before = await countItems(database);
        if (key === undefined) {
          const call = served.app.call(shelve, sent, {
            actor: { id: "ann", kind: "user", roles: [], tenant: undefined, claims: {} },
            key: newKey(),
          });
          await assert.rejects(call, { code: "internal" });
        } else assert.equal((await served.ask("POST /shelve", { key, body: sent })).status, 500);
        assert.equal(await countItems(database), before);
      });

  it("a redirect is replayed with its target", async () => {
    const key = newKey();
    const send = async () => {
      const { status, headers } = await served.ask("POST /check-out", { key, body: { to: "/basket" }, through: "fetch" });
      return { status, location: headers.get("location"), replayed: headers.get("idempotency-replayed") };
    };
    const first = await send();
    assert.match(first.location ?? "none", /^\/orders\/./);
    assert.deepEqual([first.status, await send()], [303, { ...first, replayed: "true" }]);
    assert.equal(await countItems(database, "check-out"), 1);
  });

  it("a redirect to a foreign page is refused and undone", async () => {
    const before = await countItems(database);
    assert.equal((await served.ask("POST /check-out", { key: newKey(), body: { to: "//evil.example" } })).status, 500);
    assert.equal(await countItems(database), before);
  });

  it("any text as a slug and a version is either in a head that can be sent, or was not written", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 12 }), fc.constantFrom("one", "slug"), async (text, etag) => {
        const slug = text.toWellFormed().replaceAll("\0", "");
        const before = await countItems(database);
        const reply = await served.ask("POST /shelve", { key: newKey(), body: { slug, etag } });
        const written = (await countItems(database)) - before;
        assert.deepEqual([reply.status, written], reply.status === 201 ? [201, 1] : [500, 0]);
        if (etag === "one") assert.equal(reply.status, 201, slug);
        if (reply.status === 201) assert.match(reply.headers.get("location") ?? "", /^\/shelf\/[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/);
      }),
      { numRuns: 60 },
    );
  });
});

const Closed = (detail: (details: { readonly id: string }) => string, status?: number) =>
  fault("shelf_closed", {
    code: "failed_precondition",
    details: z.object({ id: z.string() }),
    message: detail,
    ...(status !== undefined && { status }),
  });

describe("a replay is what was replied then, whatever was deployed since:", () => {
  const first = command("shelf.keep", {
    input: z.object({ name: z.string() }),
    output: z.object({ id: z.string() }),
    access: signedIn(),
    idempotent: "key",
    budget: "10s",
    faults: [Closed(({ id }) => `The shelf ${id} is closed.`)],
    http: { route: "POST /keep", status: 201, location: ({ id }) => `/v1/items/${id}`, etag: () => 1 },
    async run({ name }, { sql, newId }) {
      const id = newId();
      if (name === "closed") throw new (Closed(({ id }) => `The shelf ${id} is closed.`))({ id: "a" });
      await sql`insert into shelf.items (id, name) values (${id}, ${name})`.run();
      return { id };
    },
  });
  const later = (faults: Parameters<typeof command>[1]["faults"] & {}, http: object) =>
    command("shelf.keep", {
      input: z.object({ name: z.string(), gift: z.boolean().default(false) }),
      output: z.object({ id: z.string(), slug: z.string() }),
      access: signedIn(),
      idempotent: "key",
      budget: "10s",
      faults,
      http: { route: "POST /keep", ...http },
      run: async () => ({ id: "later", slug: "later" }),
    });
  const replay = async (body: object, next: ReturnType<typeof later>) => {
    await using database = await testDatabase({ modules: [shelf] });
    const asked = { key: newKey(), body };
    const replies = [];
    for (const operation of [first, next]) {
      await using served = await serveShelf(database, { modules: [shelfOf([operation])] });
      replies.push(await served.ask("POST /keep", asked));
    }
    const [one, again] = replies as [(typeof replies)[0], (typeof replies)[0]];
    const shown = ({ status, headers, json }: typeof one) => {
      const { requestId: _, ...rest } = json;
      return { status, location: headers.get("location"), etag: headers.get("etag"), json: rest };
    };
    assert.deepEqual(shown(again), shown(one));
    assert.equal(again.headers.get("idempotency-replayed"), "true");
    return one;
  };

  it("where location and etag read a field that the old output does not have", async () => {
    const slugged = ({ slug }: { readonly slug: string }) => `/v2/${slug.toLowerCase()}`;
    const { status, headers } = await replay({ name: "a" }, later([], { status: 201, location: slugged, etag: slugged }));
    assert.deepEqual([status, headers.get("etag")], [201, '"1"']);
  });

  it("where the status is another, and the location is gone", async () => {
    await replay({ name: "a" }, later([], { status: 202 }));
  });

  it("where the message of a fault reads a detail that the old one does not have", async () => {
    const Later = fault("shelf_closed", {
      code: "failed_precondition",
      details: z.object({ id: z.string(), until: z.string() }),
      message: ({ id, until }) => `The shelf ${id} is closed until ${until.toUpperCase()}.`,
    });
    const { json } = await replay({ name: "closed" }, later([Later], {}));
    assert.equal(json.detail, "The shelf a is closed.");
  });

  it("where the fault has another status, or is declared no more", async () => {
    await replay({ name: "closed" }, later([Closed(() => "Closed.", 410)], {}));
    await replay({ name: "closed" }, later([], {}));
  });
});

describe("a call that was done before", () => {
  const keep = (output: z.ZodObject) =>
    command("shelf.keep", {
      input: z.object({ name: z.string() }),
      output: output as z.ZodObject<{ id: z.ZodString }>,
      access: signedIn(),
      idempotent: "key",
      budget: "10s",
      async run({ name }, { sql, newId }) {
        const id = newId();
        await sql`insert into shelf.items (id, name) values (${id}, ${name})`.run();
        return { id };
      },
    });
  const pass = (target: ReturnType<typeof keep>) =>
    action("shelf.pass", {
      input: z.object({ name: z.string(), key: z.string() }),
      output: z.object({ id: z.string() }),
      access: signedIn(),
      idempotent: "natural",
      budget: "10s",
      http: "POST /pass",
      run: async ({ name, key }, { call }) => ({ id: (await call(target, { name }, { key })).id }),
    });

  it("gives an action what it gave, also where its output has another field by now, and does not make the action's reply a replay", async () => {
    await using database = await testDatabase({ modules: [shelf] });
    const replies = [];
    for (const output of [z.object({ id: z.string() }), z.object({ id: z.string(), slug: z.string() })]) {
      const target = keep(output);
      await using served = await serveShelf(database, { modules: [shelfOf([target, pass(target)])] });
      replies.push(await served.ask("POST /pass", { body: { name: "a", key: "same" } }));
    }
    assert.deepEqual([replies[1]?.status, replies[1]?.json], [200, replies[0]?.json]);
    assert.equal(replies[1]?.headers.get("idempotency-replayed"), null);
    assert.equal(await countItems(database, "a"), 1);
  });

  it("or is done now is shaped once", async () => {
    const target = keep(
      z.object({
        id: z
          .string()
          .transform((id) => `<${id}>`)
          .pipe(z.string()),
      }),
    );
    await using database = await testDatabase({ modules: [shelf] });
    await using served = await serveShelf(database, { modules: [shelfOf([target, pass(target)])] });
    const { json } = await served.ask("POST /pass", { body: { name: "a", key: "k" } });
    assert.match(json.id, /^<[^<>]+>$/);
  });
});

it("a fault whose details have no JSON form is undone, and lets its connection go", async () => {
  const Odd = fault("odd", { code: "failed_precondition", details: z.object({ n: z.any() }), message: "Odd." });
  const fails = command("shelf.fails", {
    input: z.object({}),
    output: z.object({}),
    access: signedIn(),
    idempotent: "key",
    budget: "2s",
    faults: [Odd],
    http: "POST /fails",
    async run(_input, { sql, newId }) {
      await sql`insert into shelf.items (id, name) values (${newId()}, 'odd')`.run();
      throw new Odd({ n: 1n });
    },
  });
  const counted = query("shelf.counted", {
    input: z.object({}),
    output: z.object({ n: z.int() }),
    access: signedIn(),
    budget: "2s",
    http: "GET /counted",
    run: (_input, { sql }) => sql`select count(*)::integer as n from shelf.items`.one() as Promise<{ n: number }>,
  });
  await using database = await testDatabase({ modules: [shelf] });
  const single = postgres({ url: database.url, connections: 1 });
  await using served = await serveShelf(database, { modules: [shelfOf([fails, counted])], database: single });
  for (let i = 0; i < 2; i++) assert.equal((await served.ask("POST /fails", { key: newKey(), body: {} })).status, 500);
  const { status, json } = await served.ask("GET /counted");
  assert.deepEqual([status, json], [200, { n: 0 }]);
});
