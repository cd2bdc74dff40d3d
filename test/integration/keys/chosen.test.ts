import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { action, command, signedIn, task } from "plimsoll";
import { type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { ann, countItems, serveShelf, shelf, shelfOf } from "./shelf.ts";

const program = fileURLToPath(new URL("./server.ts", import.meta.url));

/** The shelf in a process of its own. */
async function start(database: TestDatabase) {
  const child = spawn(process.execPath, ["--conditions=source", program, database.url], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = line.toString().trim();
  return {
    receive: async (requestId: string, name: string) => {
      const headers = { authorization: "Bearer ann", "content-type": "application/json", "x-request-id": requestId };
      const response = await fetch(new URL("/receive", url), { method: "POST", headers, body: JSON.stringify({ name }) });
      return { status: response.status, json: (await response.json()) as { readonly ids: readonly string[] } };
    },
    stop: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

describe("an id that a caller chooses", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [shelf] });
  });
  after(() => database.drop());

  it("does not stand for a request: two processes that get the same request id both do what they are asked", async () => {
    const both = [await start(database), await start(database)];
    const [one, other] = [await both[0]!.receive("same", "two processes"), await both[1]!.receive("same", "two processes")];
    await Promise.all(both.map((process) => process.stop()));
    assert.deepEqual([one.status, other.status], [200, 200]);
    assert.equal(new Set([...one.json.ids, ...other.json.ids]).size, 4);
    assert.equal(await countItems(database, "two processes"), 4);
  });

  it("does not stand for a request after a restart, whatever is asked", async () => {
    for (const name of ["before", "after"]) {
      const process = await start(database);
      const { status } = await process.receive("same-again", name);
      await process.stop();
      assert.equal(status, 200);
    }
    assert.deepEqual([await countItems(database, "before"), await countItems(database, "after")], [2, 2]);
  });
});

const Name = z.object({ name: z.string() });
const store = command("shelf.store", {
  input: Name,
  output: z.object({ id: z.string() }),
  access: signedIn(),
  idempotent: "key",
  budget: "10s",
  async run({ name }, { sql, newId }) {
    const id = newId();
    await sql`insert into shelf.items (id, name) values (${id}, ${name})`.run();
    return { id };
  },
});
const fill = task("shelf.fill", { input: Name, budget: "10s", run: ({ name }, { call }) => call(store, { name }) });

it("a key that a caller chose is not taken for the one that a task derives", async () => {
  const module = shelfOf([store, fill]);
  await using database = await testDatabase({ modules: [module] });
  await using starter = await testApp({ modules: [module], database, roles: ["serve"], actor: ann });
  const { id } = await starter.app.tasks.start(fill, { name: "stored" }, { actor: ann.id });
  const { id: own } = await starter.call(store, { name: "stored" }, { key: `shelf.fill:${id}.shelf.store.1` });
  await using worker = await testApp({ modules: [module], database, roles: ["worker"] });
  await worker.executed(fill);
  const rows = await database.admin<{ id: string }>("select id from shelf.items");
  assert.equal(rows.length, 2, `the task wrote nothing: it was given the caller's reply, ${own}`);
});

describe("a key of a public operation belongs to what was sent in the field that scopes it", () => {
  const join = (schema: z.ZodType<unknown, unknown>) =>
    command("shelf.join", {
      input: z.object({ who: schema }) as unknown as z.ZodObject<{ who: z.ZodString }>,
      output: z.object({ id: z.string() }),
      access: "public",
      idempotent: { key: "who" },
      budget: "10s",
      http: "POST /join",
      async run(_input, { sql, newId }) {
        const id = newId();
        await sql`insert into shelf.items (id, name) values (${id}, 'joined')`.run();
        return { id };
      },
    });
  const serve = async (database: TestDatabase, schema: z.ZodType<unknown, unknown>) =>
    serveShelf(database, { modules: [shelfOf([join(schema)])] });

  it("also where a deploy begins to change its value", async () => {
    await using database = await testDatabase({ modules: [shelf] });
    const asked = { key: "same", body: { who: "Ann@Example.org" } };
    const replies = [];
    for (const schema of [z.string(), z.string().toLowerCase()]) {
      await using served = await serve(database, schema);
      replies.push(await served.ask("POST /join", asked));
    }
    assert.deepEqual([replies[0]?.status, replies[1]?.json], [200, replies[0]?.json]);
    assert.equal(await countItems(database, "joined"), 1);
  });

  it("and two who are objects are two", async () => {
    await using database = await testDatabase({ modules: [shelf] });
    await using served = await serve(database, z.object({ id: z.string() }));
    const replies = [];
    for (const id of ["one", "other"]) replies.push(await served.ask("POST /join", { key: "same", body: { who: { id } } }));
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 200],
    );
    assert.equal(await countItems(database, "joined"), 2);
  });

  it("which must be sent: an app whose key is scoped by an optional field does not start", async () => {
    await using database = await testDatabase({ modules: [shelf] });
    const optional = [z.string().optional(), z.string().default("unnamed"), z.string().prefault("unnamed")];
    for (const schema of optional)
      await assert.rejects(
        serve(database, schema).then(({ app }) => app.stop()),
        { type: "app_invalid", message: /shelf\.join: idempotent: .*"who".*is optional/ },
      );
  });

  it("and of the tenant that an action names", async () => {
    const target = join(z.string());
    const Visit = z.object({ tenant: z.string(), who: z.string() });
    const visit = action("shelf.visit", {
      input: Visit,
      output: z.object({ id: z.string() }),
      access: "public",
      idempotent: "no",
      budget: "10s",
      run: ({ tenant, who }, { call }) => call(target, { who }, { tenant, key: "same" }),
    });
    const module = shelfOf([target, visit]);
    await using database = await testDatabase({ modules: [module] });
    await using app = await testApp({ modules: [module], database });
    const ids = [];
    for (const tenant of ["acme", "apex"]) ids.push((await app.call(visit, { tenant, who: "ann" })).id);
    assert.equal(new Set(ids).size, 2, "the second tenant was given the first one's reply");
  });
});
