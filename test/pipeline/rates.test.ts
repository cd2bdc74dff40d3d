import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { action, claim, rateLimit } from "plimsoll";
import { z } from "zod";
import { limits } from "../../src/core/limits.ts";
import { type Actor, anonymous, authenticator } from "../../src/operation/actor.ts";
import type { Budget, Operation } from "../../src/operation/contract.ts";
import type { RateLimit } from "../../src/operation/online/rate.ts";
import { OperationRate } from "../../src/pipeline/rates/operation-rate.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { type ServeSpec, serve } from "../e2e/http/app.ts";

const Empty = z.object({});
const common = { input: Empty, output: Empty, access: "public", idempotent: "no" } as const;
const run = async () => ({});

function limited(rate: RateLimit | readonly RateLimit[], name = "limited", mode: "enforce" | "measure" = "enforce"): Operation {
  return action(`t.${name}`, { ...common, budget: { deadline: "5s", rate, mode }, http: `POST /${name}`, run });
}

/** The token says who it is: `ann@acme` is ann of the tenant acme. */
const people = authenticator({
  authenticate: (token): Actor => {
    const [id = "", tenant] = token.split("@");
    return { id, kind: "user", roles: [], tenant, claims: { tid: tenant } };
  },
});

async function app(operations: readonly Operation[], spec: ServeSpec = {}) {
  const clock = new TestClock();
  const served = await serve(operations, { clock, authentication: people, tenancy: claim("tid"), ...spec });
  const statuses = async (path: string, tokens: readonly (string | undefined)[], headers: Record<string, string> = {}) => {
    const seen: number[] = [];
    for (const token of tokens)
      seen.push(
        (await served.ask("POST", path, { headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) } }))
          .status,
      );
    return seen;
  };
  return { clock, served, statuses, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() };
}

describe("a rate in the budget of an operation", () => {
  it("refuses above it, names limit, value and burst, says when to come back, and lets in again then", async () => {
    await using it = await app([limited(rateLimit({ per: "actor", limit: 2, period: "10s" }))]);
    assert.deepEqual(await it.statuses("/limited", ["ann", "ann"]), [204, 204]);
    const { status, headers, json } = await it.served.ask("POST", "/limited", { headers: { authorization: "Bearer ann" } });
    assert.deepEqual([status, json.type], [429, "urn:plimsoll:rate_limited"]);
    const limit = "t.limited rate per actor";
    assert.deepEqual(json.details, { limit, value: 2, load: 2, burst: 2, periodMs: 10_000, waitMs: 5_000 });
    assert.match(headers["retry-after"] ?? "", /^[567]$/);
    assert.equal(headers["ratelimit-policy"], `"${limit}";q=2;w=10`);
    assert.equal(headers.ratelimit, `"${limit}";r=0;t=5`);
    it.clock.advance(4_900);
    assert.deepEqual(await it.statuses("/limited", ["ann"]), [429]);
    it.clock.advance(100);
    assert.deepEqual(await it.statuses("/limited", ["ann", "ann"]), [204, 429]);
  });

  it("says on every reply what is left of each rate, also beside a fault", async () => {
    const rates = [rateLimit({ per: "all", limit: 100, period: "1m" }), rateLimit({ per: "actor", limit: 5, burst: 3, period: "1s" })];
    const fails = action("t.fails", {
      ...common,
      budget: { deadline: "5s", rate: rates },
      http: "POST /fails",
      run: async () => {
        throw new Error("a bug");
      },
    });
    await using it = await app([limited(rates), fails]);
    const first = await it.served.ask("POST", "/limited");
    assert.equal(first.headers["ratelimit-policy"], '"t.limited rate per all";q=100;w=60, "t.limited rate per actor";q=5;w=1');
    assert.equal(first.headers.ratelimit, '"t.limited rate per all";r=99;t=1, "t.limited rate per actor";r=2;t=1');
    const second = await it.served.ask("POST", "/fails");
    assert.equal(second.status, 500);
    assert.equal(second.headers.ratelimit, '"t.limited rate per all";r=98;t=2, "t.limited rate per actor";r=1;t=1');
  });

  it("counts tenants, actors within their tenant, and addresses each for itself", async () => {
    const operations = (["tenant", "actor", "address"] as const).map((per) => limited(rateLimit({ per, limit: 1, period: "1m" }), per));
    await using it = await app(operations);
    const callers = ["ann@acme", "bob@acme", "ann@beta", "bob@beta"];
    assert.deepEqual(await it.statuses("/tenant", callers), [204, 429, 204, 429]);
    assert.deepEqual(await it.statuses("/actor", [...callers, "ann@acme"]), [204, 204, 204, 204, 429]);
    assert.deepEqual(await it.statuses("/address", callers), [204, 429, 429, 429]);
  });

  it("counts who has not signed in by address, as the proxy in front resolves it", async () => {
    const operations = (["tenant", "actor", "address"] as const).map((per) => limited(rateLimit({ per, limit: 1, period: "1m" }), per));
    await using it = await app(operations, { http: { trustProxy: { from: ["127.0.0.0/8"] } } });
    for (const path of ["/tenant", "/actor", "/address"]) {
      assert.deepEqual(await it.statuses(path, [undefined, undefined], { "x-forwarded-for": "203.0.113.1" }), [204, 429], path);
      assert.deepEqual(await it.statuses(path, [undefined], { "x-forwarded-for": "203.0.113.2" }), [204], path);
    }
  });

  it("counts by a key that is made of the validated input and the caller, and not where there is none", async () => {
    const Input = z.object({ upstream: z.string().max(200).toLowerCase() });
    const fetch = action("t.fetch", {
      ...common,
      input: Input,
      budget: {
        deadline: "5s",
        rate: rateLimit({
          per: (input: { upstream: string }, { actor }) => (input.upstream === "free" ? undefined : `${actor.id} ${input.upstream}`),
          ...{ limit: 1, period: "1m" },
        }),
      },
      http: "POST /fetch",
      run,
    });
    await using it = await app([fetch]);
    const long = "x".repeat(200);
    const seen: number[] = [];
    for (const upstream of ["one", "ONE", "two", "free", "free", 7, long, long])
      seen.push((await it.served.ask("POST", "/fetch", { body: { upstream } })).status);
    assert.deepEqual(seen, [204, 429, 204, 204, 204, 400, 204, 429]);
  });

  it("keeps a bounded part of a key, and distinguishes long keys all the same", () => {
    const long = (end: string) => "k".repeat(100_000) + end;
    const rates = [...(["tenant", "actor", "address"] as const), (input: unknown) => String(input)].map(
      (per) => new OperationRate(rateLimit({ per, limit: 1, period: "1m" }) as RateLimit<never>, { name: "t", mode: "enforce" }),
    );
    for (const rate of rates) {
      const keyOf = (text: string) =>
        rate.keyOf({ actor: anonymous, tenant: text, caller: text, input: text, invocation: { address: text } }) ?? "";
      assert.ok(keyOf(long("a")).length <= limits.rateKeyChars, rate.per);
      assert.notEqual(keyOf(long("a")), keyOf(long("b")), rate.per);
      assert.equal(keyOf("short"), "short", rate.per);
    }
  });

  it("is one count for all operations whose budgets have it", async () => {
    const shared = rateLimit({ per: "all", limit: 2, period: "1m", name: "mails" });
    await using it = await app([limited(shared, "one"), limited(shared, "two")]);
    assert.deepEqual(await it.statuses("/one", ["ann"]), [204]);
    assert.deepEqual(await it.statuses("/two", ["bob", "cid"]), [204, 429]);
    assert.deepEqual(
      it.served.app.loadLines.list().filter(({ name }) => name.startsWith("mails")),
      [it.served.app.loadLines.read(it.served.app.loadLines.find("mails")!)],
    );
  });

  it("returns what was taken of the other rates where one refuses", async () => {
    const rates = [rateLimit({ per: "all", limit: 3, period: "1m" }), rateLimit({ per: "actor", limit: 1, period: "1m" })];
    await using it = await app([limited(rates)]);
    assert.deepEqual(await it.statuses("/limited", ["ann", "ann", "ann", "ann", "bob", "cid", "dan"]), [204, 429, 429, 429, 204, 204, 429]);
  });

  it("is listed with its mode, counts what it lets in and refuses, and refuses nothing while it is measured or off", async () => {
    await using it = await app([limited(rateLimit({ per: "all", limit: 1, period: "1m" }), "limited", "measure")]);
    const { loadLines } = it.served.app;
    const executed = it.served.executed();
    assert.deepEqual(await it.statuses("/limited", ["ann"]), [204]);
    assert.equal((await executed).refusal, undefined);
    const measured = it.served.executed();
    assert.deepEqual(await it.statuses("/limited", ["ann"]), [204]);
    const name = "t.limited rate per all";
    assert.deepEqual((await measured).refusal, { limit: name, value: 1, load: 1, mode: "measure" });
    loadLines.setMode(name, "enforce", "the measurement is done");
    assert.deepEqual(await it.statuses("/limited", ["ann"]), [429]);
    loadLines.setMode(name, "off", "an incident");
    assert.deepEqual(await it.statuses("/limited", ["ann"]), [204]);
    const { admitted, refused, wouldRefuse, declared, unit } = loadLines.read(loadLines.find(name)!);
    assert.deepEqual([admitted, refused, wouldRefuse, declared, unit], [2, { rate: 1 }, { rate: 1 }, 1, "requests per 1m"]);
  });

  it("counts what the program calls like a request, and has no address for it", async () => {
    const operations = (["all", "address"] as const).map((per) => limited(rateLimit({ per, limit: 1, period: "1m" }), per));
    await using it = await app(operations);
    const call = (operation: Operation | undefined) => it.served.app.call(operation as never, {});
    await call(operations[0]);
    await assert.rejects(() => call(operations[0]), { type: "rate_limited" });
    await call(operations[1]);
    await call(operations[1]);
  });

  it("never allows a key more than its rate, whatever other keys come", async () => {
    await using it = await app([limited(rateLimit({ per: "actor", limit: 1, period: "1m", maxKeys: 2 }))]);
    const names = Array.from({ length: 20 }, (_, i) => `user${i}`);
    for (const name of names) await it.statuses("/limited", [name]);
    assert.ok((await it.statuses("/limited", names)).every((status) => status === 429));
  });
});

describe("an app with a rate that cannot be", () => {
  const problemsOf = async (rate: unknown): Promise<readonly string[]> => {
    const operation = action("t.limited", { ...common, budget: { deadline: "5s", rate } as Budget, http: "POST /limited", run });
    const error = await serve([operation]).then(
      (served) => served[Symbol.asyncDispose](),
      (fault) => fault,
    );
    return (error?.details?.problems ?? []).map(({ message }: { message: string }) => message);
  };

  it("does not start, and says each problem", async () => {
    const good = { per: "actor", limit: 1, period: "1s" };
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ per: "user" }, /cannot be counted per "user"/],
      [{ limit: 0 }, /The limit 0 is not a whole number from 1/],
      [{ limit: 1.5 }, /The limit 1\.5 is not/],
      [{ burst: 0 }, /The burst 0 is not/],
      [{ period: "0s" }, /The period "0s" is not a duration/],
      [{ period: undefined }, /The period "undefined" is not a duration/],
      [{ period: "31d" }, /The period "31d" is not a duration/],
      [{ mode: "on" }, /"on" is no mode/],
      [{ name: 'a "quote"' }, /without quotes/],
      [{ maxKeys: 0 }, /0 is no number of keys/],
    ];
    for (const [change, message] of wrong) {
      const problems = await problemsOf(rateLimit({ ...good, ...change } as never));
      assert.equal(problems.length, 1, JSON.stringify(change));
      assert.match(problems[0] ?? "", message);
    }
    assert.match((await problemsOf({ per: "actor" }))[0] ?? "", /not a rate/);
    assert.deepEqual(await problemsOf(rateLimit({ per: "actor", limit: 1, period: "1s" })), []);
  });
});
