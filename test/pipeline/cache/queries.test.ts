import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Actor, authenticator, claim, command, createApp, fault, module, query, role, signedIn } from "plimsoll";
import { z } from "zod";
import { runtimeOf } from "../../../src/app/app.ts";
import { sleep } from "../../../src/core/clock.ts";
import type { CacheSpec } from "../../../src/operation/cache/spec.ts";
import type { Operation } from "../../../src/operation/contract.ts";
import type { Execution } from "../../../src/operation/execution.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { gate, type ServeSpec, serve } from "../../e2e/http/app.ts";

const Key = z.object({ key: z.string() });
const Item = z.object({ key: z.string(), version: z.int(), by: z.string().optional() });
const NotFound = fault("item_not_found", { code: "not_found", details: z.object({}), message: () => "There is none." });

/** The token says who it is: `ann@acme` is ann of the tenant acme, `+` adds a role. */
const people = authenticator({
  authenticate: (token): Actor => {
    const [who = "", tenant] = token.split("@");
    const [id = "", ...roles] = who.split("+");
    return { id, kind: "user", roles, tenant, claims: { tid: tenant } };
  },
});

interface Shelf {
  version: number;
  loads: number;
  /** What a load waits for. */
  before: () => Promise<unknown>;
}

/** An app with one cached query over a shelf in memory, and a command that changes the shelf. */
async function app(cache: CacheSpec<{ key: string }, { key: string; version: number }>, spec: ServeSpec = {}) {
  const shelf: Shelf = { version: 1, loads: 0, before: async () => undefined };
  const read = query("t.read", {
    input: Key,
    output: Item,
    faults: [NotFound],
    access: "public",
    budget: { deadline: "10s", concurrency: 4, queue: 0 },
    cache,
    http: { route: "GET /items/{key}", etag: ({ version }) => version },
    run: async ({ key }, { fail }) => {
      shelf.loads++;
      const { version } = shelf;
      await shelf.before();
      return version < 0 ? fail(NotFound, {}) : { key, version };
    },
  });
  const change = command("t.change", {
    input: z.object({ key: z.string(), fails: z.boolean().default(false) }),
    output: z.object({}),
    access: "public",
    budget: "10s",
    idempotent: "no",
    http: "POST /items/{key}",
    run: async ({ key, fails }, { invalidate }) => {
      invalidate(`item:${key}`);
      if (fails) throw new Error("rolled back");
      shelf.version++;
      return {};
    },
  });
  const clock = new TestClock();
  const served = await serve([read, change], {
    clock,
    authentication: people,
    tenancy: claim("tid"),
    database: { open: () => new MemoryDatabase() },
    ...spec,
  });
  const seen: Execution[] = [];
  served.app.signals.executed.on((execution) => {
    if (execution.operation === "t.read") seen.push({ ...execution, cache: execution.cache, outcome: execution.outcome } as Execution);
  });
  const get = async (key = "a", token?: string) =>
    served.ask("GET", `/items/${key}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  const call = (key = "a", actor?: Actor, signal?: AbortSignal) =>
    served.app.call(read, { key }, { ...(actor && { actor }), ...(signal && { signal }) });
  return {
    shelf,
    clock,
    served,
    seen,
    get,
    call,
    uses: () => seen.map(({ cache: use }) => use),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

const tagged = { ttl: "10s", per: "tenant", tags: ({ key }: { key: string }) => [`item:${key}`] } as const;

describe("a query with a cache", () => {
  it("responds from memory as without a cache, ETag included, and says in its event how it got the value", async () => {
    await using it = await app(tagged);
    const first = await it.get();
    const second = await it.get();
    assert.deepEqual([first.status, first.json, first.headers.etag], [200, { key: "a", version: 1 }, '"1"']);
    assert.deepEqual([second.status, second.body, second.headers.etag], [200, first.body, '"1"']);
    assert.equal((await it.served.ask("GET", "/items/a", { headers: { "if-none-match": '"1"' } })).status, 304);
    assert.equal(it.shelf.loads, 1);
    assert.deepEqual(it.uses(), ["load", "hit", "hit"]);
  });

  it("keeps values of other inputs apart", async () => {
    await using it = await app(tagged);
    assert.deepEqual([(await it.get("a")).json.key, (await it.get("b")).json.key], ["a", "b"]);
    assert.equal(it.shelf.loads, 2);
  });

  it("gives no value from before a command that has committed, and keeps it where the command rolled back", async () => {
    await using it = await app(tagged);
    await it.get("a");
    await it.get("b");
    await it.served.ask("POST", "/items/a", { body: { fails: true } });
    assert.equal((await it.get("a")).json.version, 1);
    assert.equal(it.shelf.loads, 2);
    await it.served.ask("POST", "/items/a", { body: {} });
    assert.equal((await it.get("a")).json.version, 2);
    assert.equal((await it.get("b")).json.version, 1, "another tag");
    assert.equal(it.shelf.loads, 3);
  });

  it("does not keep what a load read before a commit that came meanwhile, and gives it to no caller who asked after the commit", async () => {
    await using it = await app(tagged);
    const hold = gate();
    it.shelf.before = () => hold.opened;
    const before = it.get();
    while (it.shelf.loads < 1) await new Promise((resolve) => setImmediate(resolve));
    await it.served.ask("POST", "/items/a", { body: {} });
    const after = it.get();
    while (runtimeOf(it.served.app).caches.values.waiting < 1) await new Promise((resolve) => setImmediate(resolve));
    it.shelf.before = async () => undefined;
    hold.open();
    assert.equal((await before).json.version, 1);
    assert.equal((await after).json.version, 2);
    assert.equal((await it.get()).json.version, 2);
    assert.equal(it.shelf.loads, 2);
  });

  it("loads once for a thousand callers, who hold no place", async () => {
    await using it = await app(tagged);
    const hold = gate();
    it.shelf.before = () => hold.opened;
    const calls = Array.from({ length: 1_000 }, () => it.call());
    hold.open();
    assert.deepEqual(new Set((await Promise.all(calls)).map(({ version }) => version)), new Set([1]));
    assert.equal(it.shelf.loads, 1);
    assert.deepEqual(counted(it.uses()), { load: 1, joined: 999 });
  });

  it("lets one caller load early, the likelier the nearer the end, and the others have the value meanwhile", async () => {
    await using it = await app(tagged);
    it.shelf.before = () => sleep(it.clock, 500);
    const first = it.call();
    it.clock.advance(500);
    await first;
    it.clock.advance(9_400);
    const calls = Array.from({ length: 200 }, () => it.call());
    it.clock.advance(500);
    await Promise.all(calls);
    assert.deepEqual(counted(it.uses()), { load: 2, hit: 199 }, "100 ms before the end, with loads of 500 ms");
  });

  it("gives a stale value while it is loaded, and where the load fails, and says so", async () => {
    await using it = await app({ ...tagged, staleFor: "1m" });
    await it.call();
    it.clock.advance(10_000);
    const hold = gate();
    it.shelf.before = () => hold.opened;
    const loading = it.call();
    assert.equal((await it.call()).version, 1);
    it.shelf.version = 2;
    assert.equal(it.served.app.loadLines.find("cache")?.phase(), "degraded");
    hold.open();
    assert.equal((await loading).version, 1, "read before the change");
    assert.equal(it.served.app.loadLines.find("cache")?.phase(), "normal");
    it.clock.advance(10_000);
    it.shelf.before = () => Promise.reject(new Error("the database is away"));
    const { status, headers } = await it.get();
    assert.deepEqual([status, headers["cache-status"]], [200, "plimsoll; hit; ttl=0"]);
    assert.deepEqual(it.uses(), ["load", "stale", "load", "stale"]);
    const phase = () => it.served.app.loadLines.find("cache")?.phase();
    assert.equal(phase(), "degraded");
    assert.equal(it.shelf.loads, 3);
    await it.call();
    assert.equal(it.shelf.loads, 3, "no load for a second");
    it.clock.advance(1_000);
    await it.call();
    assert.equal(it.shelf.loads, 4);
    it.clock.advance(60_000);
    await assert.rejects(it.call(), { code: "internal" });
  });

  it("gives a stale value where the load is refused for want of a place, and at the deadline", async () => {
    await using it = await app({ ...tagged, staleFor: "1m" });
    await it.call();
    it.clock.advance(10_000);
    const hold = gate();
    it.shelf.before = () => hold.opened;
    const late = it.call();
    it.clock.advance(10_100);
    assert.equal((await late).version, 1);
    it.clock.advance(1_000);
    // Four run with the one that was late, and none may wait.
    const others = ["b", "c", "d"].map((key) => it.call(key).catch((error) => error.code));
    assert.equal((await it.call()).version, 1);
    assert.deepEqual(it.uses(), ["load", "stale", "stale"]);
    hold.open();
    await Promise.all(others);
  });

  it("shares a fault that the operation responds with, and never gives a value in its place", async () => {
    await using it = await app({ ...tagged, staleFor: "1m" });
    await it.call();
    it.clock.advance(10_000);
    it.shelf.version = -1;
    const calls = await Promise.all(Array.from({ length: 3 }, () => it.call().catch((error) => error.type)));
    assert.deepEqual(calls.filter((type) => type === "item_not_found").length, 1);
    const again = await Promise.all(Array.from({ length: 3 }, () => it.call().catch((error) => error.type)));
    assert.deepEqual(again, ["item_not_found", "item_not_found", "item_not_found"]);
    it.shelf.version = 5;
    assert.equal((await it.call()).version, 5);
  });

  it("lets another caller load where the one who loaded went away", async () => {
    await using it = await app(tagged);
    const hold = gate();
    it.shelf.before = () => hold.opened;
    const leaves = new AbortController();
    const left = it.call("a", undefined, leaves.signal).catch((error) => error.code);
    const others = [it.call(), it.call()];
    leaves.abort();
    assert.equal(await left, "cancelled");
    hold.open();
    assert.deepEqual(
      (await Promise.all(others)).map(({ version }) => version),
      [1, 1],
    );
    assert.equal(it.shelf.loads, 2);
  });

  it("counts what it did", async () => {
    await using it = await app(tagged);
    await Promise.all([it.call(), it.call()]);
    await it.call();
    const read = (name: string) =>
      [...it.served.app.metrics.all()]
        .filter((metric) => metric.name === name)
        .flatMap((metric) => [...metric.all()] as { labels: readonly string[]; value: number }[]);
    assert.deepEqual(Object.fromEntries(read("plimsoll_cache_reads_total").map(({ labels, value }) => [labels.join(" "), value])), {
      "t.read load": 1,
      "t.read joined": 1,
      "t.read hit": 1,
    });
    assert.deepEqual(
      read("plimsoll_cache_values").map(({ value }) => value),
      [1],
    );
    const line = it.served.app.loadLines.find("cache");
    assert.ok((line?.now() ?? 0) > 500);
  });
});

describe("who gets a value", () => {
  it("is the actor alone where nothing is declared, with the same roles and tenant", async () => {
    const { per: _, ...own } = tagged;
    await using it = await app(own);
    const callers = ["ann@acme", "ben@acme", "ann@other", "ann+admin@acme", undefined];
    for (const caller of [...callers, ...callers]) await it.get("a", caller);
    assert.equal(it.shelf.loads, callers.length);
  });

  it("is the tenant, or everyone, where that is declared", async () => {
    await using it = await app(tagged);
    for (const caller of ["ann@acme", "ben@acme", "ann@other", undefined]) await it.get("a", caller);
    assert.equal(it.shelf.loads, 3);
    await using open = await app({ ...tagged, per: "public" });
    for (const caller of ["ann@acme", "ben@acme", "ann@other", undefined]) await open.get("a", caller);
    assert.equal(open.shelf.loads, 1);
  });

  it("is never one for whom the handler read the actor, or called what only one caller may read", async () => {
    const common = { input: z.object({}), output: z.object({ who: z.string() }), access: signedIn(), budget: "1s" } as const;
    const cache = { ttl: "1m", per: "tenant" } as const;
    const inner = query("t.inner", { ...common, access: role("admin"), run: async () => ({ who: "an administrator" }) });
    const reads = query("t.reads", { ...common, cache, run: async (_, { actor }) => ({ who: actor.id }) });
    const calls = query("t.calls", { ...common, cache, run: (_, { call }) => call(inner, {}) });
    const own = query("t.own", { ...common, cache: { ttl: "1m" }, run: async (_, { actor }) => ({ who: actor.id }) });
    await using it = await serve([inner, reads, calls, own], { database: { open: () => new MemoryDatabase() } });
    const actor: Actor = { id: "ann", kind: "user", roles: ["admin"], tenant: undefined, claims: {} };
    await assert.rejects(it.app.call(reads, {}, { actor }), { code: "internal" });
    await assert.rejects(it.app.call(calls, {}, { actor }), { code: "internal" });
    assert.deepEqual(await it.app.call(own, {}, { actor }), { who: "ann" });
    assert.deepEqual(await it.app.call(own, {}, { actor: { ...actor, id: "ben" } }), { who: "ben" });
  });

  it("is every caller who shares a page, whose cursor is good for all of them", async () => {
    const words = ["a", "b", "c"];
    const pages = query("t.pages", {
      input: z.object({ cursor: z.string().optional(), limit: z.int().default(1) }),
      output: z.object({ items: z.array(z.string()), nextCursor: z.string().optional() }),
      access: signedIn(),
      budget: "1s",
      cache: { ttl: "1m", per: "tenant" },
      run: (input, { page }) =>
        page(input, {
          rows: async (after: string | undefined, most) => words.filter((word) => word > (after ?? "")).slice(0, most),
          position: (word) => word,
        }),
    });
    await using it = await serve([pages], { database: { open: () => new MemoryDatabase() } });
    const [ann, ben] = ["ann", "ben"].map((id): Actor => ({ id, kind: "user", roles: [], tenant: undefined, claims: {} }));
    const first = await it.app.call(pages, {}, { actor: ann! });
    const second = await it.app.call(pages, { cursor: first.nextCursor }, { actor: ben! });
    assert.deepEqual([first.items, second.items], [["a"], ["b"]]);
  });

  it("is asked for access before the cache is", async () => {
    const common = { input: z.object({}), output: z.object({}), budget: "1s", run: async () => ({}) } as const;
    const admins = query("t.admins", { ...common, access: role("admin"), cache: { ttl: "1m", per: "tenant" } });
    await using it = await serve([admins], { database: { open: () => new MemoryDatabase() } });
    const actor: Actor = { id: "ann", kind: "user", roles: ["admin"], tenant: undefined, claims: {} };
    await it.app.call(admins, {}, { actor });
    await assert.rejects(it.app.call(admins, {}, { actor: { ...actor, roles: [] } }), { code: "permission_denied" });
  });

  it("is checked at the start as far as it is declared", () => {
    const common = { input: z.object({}), output: z.object({}), budget: "1s", run: async () => ({}) } as const;
    const owned = query("t.owned", { ...common, access: signedIn(), owns: async () => true, cache: { ttl: "1m", per: "tenant" } });
    const open = query("t.open", { ...common, access: signedIn(), cache: { ttl: "1m", per: "public" } });
    const wrong = query("t.wrong", {
      ...common,
      access: signedIn(),
      cache: { ttl: "2d", staleFor: "8d", tags: [""], per: "all" as never },
    });
    const write = command("t.write", { ...common, access: "public", idempotent: "no", cache: { ttl: "1m" } } as never);
    const operations: readonly Operation[] = [owned, open, wrong, write];
    assert.throws(
      () => createApp({ modules: [module("t", { operations })] }),
      ({ details }: { details: { problems: { where: string; field: string }[] } }) => {
        assert.deepEqual(
          details.problems.map(({ where, field }) => `${where} ${field}`),
          [
            "t.owned cache.per",
            "t.open cache.per",
            "t.wrong cache.ttl",
            "t.wrong cache.staleFor",
            "t.wrong cache.tags",
            "t.wrong cache.per",
            "t.write cache",
          ],
        );
        return true;
      },
    );
  });
});

function counted(uses: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const use of uses) counts[String(use)] = (counts[String(use)] ?? 0) + 1;
  return counts;
}
