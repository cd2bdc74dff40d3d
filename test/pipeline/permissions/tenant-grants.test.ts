import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limits } from "../../../src/core/limits.ts";
import { LoadLines } from "../../../src/core/load-line/load-lines.ts";
import { Metrics } from "../../../src/core/metrics.ts";
import { tenantPermissions } from "../../../src/operation/access/tenant-permissions.ts";
import type { Grants } from "../../../src/operation/access.ts";
import { type Actor, anonymous } from "../../../src/operation/actor.ts";
import { type Grantee, TenantGrants } from "../../../src/pipeline/permissions/tenant-grants.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";

const ann: Actor = { ...anonymous, id: "ann", kind: "user", roles: ["clerk"] };

/** A cache whose loads end when the test says so. */
class Bench {
  readonly clock = new TestClock();
  readonly loads: { readonly tenant: string; readonly signal: AbortSignal; readonly ends: PromiseWithResolvers<Grants | undefined> }[] = [];
  readonly warnings: string[] = [];
  readonly lines = new LoadLines(this.clock);
  readonly grants: TenantGrants;

  constructor(defaults: Grants = { clerk: ["a"] }) {
    const permissions = tenantPermissions({
      defaults,
      load: (tenant, { signal }) => {
        const ends = Promise.withResolvers<Grants | undefined>();
        this.loads.push({ tenant, signal, ends });
        return ends.promise;
      },
    });
    this.grants = new TenantGrants(permissions, {
      ...{ database: new MemoryDatabase(), clock: this.clock, metrics: new Metrics(), loadLines: this.lines },
      ...{ development: true, named: ["a", "b"], warn: (message, fields) => this.warnings.push(`${message} ${JSON.stringify(fields)}`) },
    });
  }

  /** What decides for a caller: `now` without waiting, or a promise of it. */
  ask(tenant: string | null = "acme", actor: Actor = ann): { now: string | undefined; later: Promise<string> } {
    const execution: Grantee = { actor, tenant: tenant ?? undefined, permitted: undefined };
    const read = () => [...(execution.permitted ?? [])].map(([permission, roles]) => `${permission}:${[...roles]}`).join(" ") || "none";
    try {
      const waiting = this.grants.give(execution);
      if (waiting === undefined) return { now: read(), later: Promise.resolve(read()) };
      return { now: undefined, later: waiting.then(read, ({ type }) => type) };
    } catch (error) {
      const { type } = error as { readonly type: string };
      return { now: type, later: Promise.resolve(type) };
    }
  }

  async end(grants: Grants | undefined | Error): Promise<void> {
    const load = this.loads.shift();
    assert(load !== undefined, "a load is under way");
    if (grants instanceof Error) load.ends.reject(grants);
    else load.ends.resolve(grants);
    await turn();
  }

  get kept(): number | undefined {
    return this.lines.list().find(({ name }) => name === "tenant permissions")?.now;
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("the permissions of tenants", () => {
  it("are loaded once for all callers of a tenant, and then there without waiting", async () => {
    const bench = new Bench();
    const [one, two, other] = [bench.ask(), bench.ask(), bench.ask("globex")];
    assert.deepEqual(
      bench.loads.map(({ tenant }) => tenant),
      ["acme", "globex"],
    );
    await bench.end({ clerk: ["b"], boss: ["b", "a"] });
    await bench.end(undefined);
    assert.deepEqual([await one.later, await two.later, await other.later], ["b:clerk,boss a:boss", "b:clerk,boss a:boss", "a:clerk"]);
    assert.equal(bench.ask().now, "b:clerk,boss a:boss");
    assert.equal(bench.loads.length, 0);
  });

  it("are never older than their age, which counts from the beginning of the load", async () => {
    const bench = new Bench();
    const first = bench.ask();
    bench.clock.advance(400);
    await bench.end({ clerk: ["a"] });
    assert.equal(await first.later, "a:clerk");
    bench.clock.advance(99);
    assert.equal(bench.ask().now, "a:clerk");
    bench.clock.advance(501);
    const late = bench.ask();
    assert.equal(late.now, undefined, "it is a second old");
    await bench.end({ clerk: ["b"] });
    assert.equal(await late.later, "b:clerk");
  });

  it("that are in use are loaded again before they are too old, and no caller waits", async () => {
    const bench = new Bench();
    bench.ask();
    await bench.end({ clerk: ["a"] });
    for (let round = 0; round < 5; round++) {
      bench.clock.advance(500);
      assert.equal(bench.ask().now, "a:clerk");
      assert.equal(bench.ask().now, "a:clerk");
      assert.equal(bench.loads.length, 1, "one load for both");
      await bench.end({ clerk: ["a"] });
    }
  });

  it("that cannot be loaded are good until they are too old, and then unavailable", async () => {
    const bench = new Bench();
    bench.ask();
    await bench.end({ clerk: ["a"] });
    bench.clock.advance(600);
    assert.equal(bench.ask().now, "a:clerk");
    await bench.end(new Error("the database is away"));
    assert.equal(bench.ask().now, "a:clerk");
    assert.equal(bench.loads.length, 0, "not again at once");
    bench.clock.advance(400);
    const refused = bench.ask();
    await bench.end(new Error("the database is away"));
    assert.equal(await refused.later, "permissions_unavailable");
    assert.equal(await bench.ask().later, "permissions_unavailable", "without another load");
    assert.equal(bench.loads.length, 0);
    assert.equal(bench.warnings.length, 1, "one line for all failures of ten seconds");
    bench.clock.advance(100);
    const again = bench.ask();
    await bench.end({ clerk: ["b"] });
    assert.equal(await again.later, "b:clerk");
  });

  it("that take too long are unavailable, and their load is aborted", async () => {
    const bench = new Bench();
    const asked = bench.ask();
    const [load] = bench.loads;
    bench.clock.advance(limits.permissionLoadMs);
    assert.equal(await asked.later, "permissions_unavailable");
    assert.equal(load?.signal.aborted, true);
  });

  for (const [what, returned] of [
    ["a text", "clerk" as unknown as Grants],
    ["a list", [] as unknown as Grants],
    ["null", null as unknown as Grants],
    ["a role without a list", { clerk: "a" } as unknown as Grants],
    ["a number as permission", { clerk: [7] } as unknown as Grants],
    ["too much", { clerk: Array.from({ length: limits.permissionGrants }, () => "a") }],
  ] as const)
    it(`that a load returns as ${what} are unavailable`, async () => {
      const bench = new Bench();
      const asked = bench.ask();
      await bench.end(returned);
      assert.equal(await asked.later, "permissions_unavailable");
      assert.match(bench.warnings.join(), /cannot be loaded/);
    });

  it("need none to be loaded for callers without a tenant or a role, and for the system", () => {
    const bench = new Bench();
    assert.equal(bench.ask(null).now, "a:clerk");
    assert.equal(bench.ask("acme", anonymous).now, "a:clerk");
    assert.equal(bench.ask("acme", { ...ann, kind: "system", roles: ["system"] }).now, "a:clerk");
    assert.equal(bench.loads.length, 0);
  });

  it("that no operation names are ignored, and logged once", async () => {
    const bench = new Bench();
    for (const tenant of ["acme", "globex"]) {
      const asked = bench.ask(tenant);
      await bench.end({ clerk: ["a", "typo"] });
      assert.equal(await asked.later, "a:clerk");
    }
    assert.equal(bench.warnings.length, 1);
    assert.match(bench.warnings[0] ?? "", /ignored.*"permission":"typo"/);
  });

  it("of 10,000 tenants and more are kept for the last ones", async () => {
    const bench = new Bench();
    const load = async (tenant: string, grants: Grants) => {
      const asked = bench.ask(tenant);
      await bench.end(grants);
      return asked.later;
    };
    for (let tenant = 0; tenant < limits.permissionTenants + 50; tenant++) await load(`t${tenant}`, { clerk: ["a"] });
    assert.equal(bench.kept, limits.permissionTenants);
    assert.equal(bench.ask("t49").now, undefined, "the oldest were dropped");
    await bench.end({ clerk: ["a"] });
    const most = Math.floor(limits.permissionGrants / 2) - 1;
    const large: Grants = Object.fromEntries(Array.from({ length: most }, (_, role) => [`r${role}`, ["a"]]));
    for (let tenant = 0; tenant < 150; tenant++) await load(`large${tenant}`, large);
    assert.equal(bench.kept, Math.floor(limits.permissionGrantsKept / most), "large maps leave room for fewer tenants");
  });

  it("are loaded for a bounded number of tenants at once, and waited for by a bounded number of requests", async () => {
    const bench = new Bench();
    const asked = Array.from({ length: limits.permissionWaiting }, (_, tenant) => bench.ask(`t${tenant}`));
    assert.equal(bench.loads.length, limits.permissionLoads);
    assert.equal(await bench.ask("one more").later, "permissions_unavailable");
    for (let done = 0; done < limits.permissionWaiting; done++) await bench.end({ clerk: ["a"] });
    assert.deepEqual(new Set(await Promise.all(asked.map(({ later }) => later))), new Set(["a:clerk"]));
  });
});
