import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { authenticator, command, event, module, query, signedIn } from "plimsoll";
import { http } from "plimsoll/http";
import { type TestApp, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";
import { systemClock } from "../../src/core/clock.ts";
import { Fault } from "../../src/core/fault.ts";
import { buildRegistry } from "../../src/pipeline/registry/registry.ts";
import { tokenChars, tokenOf } from "../../src/pipeline/sourcing/position-token.ts";
import { ProjectionReads } from "../../src/pipeline/sourcing/reads.ts";
import { openApiDocument } from "../../src/surface/openapi.ts";
import { act, ann, balances, bank, opened, owners } from "./bank.ts";

const Input = z.object({ account: z.string() });
const Cents = z.object({ cents: z.int().nullable() });
const common = { input: Input, output: Cents, access: signedIn() } as const;
const balance = query("desk.balance", {
  ...{ ...common, budget: "5s", reads: [balances], http: "GET /balances/{account}" },
  async run({ account }, { sql }) {
    const row = await sql(Cents)`select total_cents::int as cents from bank.balances where account = ${account}`.maybe();
    return row ?? { cents: null };
  },
});
const hasty = query("desk.hasty", { ...common, budget: "300ms", reads: [balances], run: async () => ({ cents: 0 }) });
const fresh = query("desk.fresh", { ...common, budget: "5s", reads: [balances], staleness: "5s", run: async () => ({ cents: 1 }) });
const owned = query("desk.owned", { ...common, budget: "300ms", reads: [owners], run: async () => ({ cents: 2 }) });
const noted = event("desk.noted", { data: Input, key: ({ account }) => account });
const deposit = command("desk.deposit", {
  ...{ ...common, budget: "5s", idempotent: "key", http: "POST /balances/{account}", emits: [noted] },
  async run({ account }, { call, emit }) {
    emit(noted, { account });
    const { cents } = await call(act, { kind: "deposit", account, cents: 1 });
    return { cents };
  },
});
const desk = module("desk", { operations: [balance, hasty, fresh, owned, deposit], events: [noted] });
const modules = [bank, desk];

const credentials = { authorization: "Bearer anything" };
const authentication = authenticator({ authenticate: () => ann });

describe("a query that reads projections", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await testDatabase({ modules });
  });
  beforeEach(async () => {
    app = await testApp({ modules, database, actor: ann, surfaces: [http({ port: false })], authentication });
  });
  afterEach(async () => {
    await app.stop();
    await database.admin(
      "delete from plimsoll.subscriptions; delete from plimsoll.event_workers; truncate plimsoll.stream_events, plimsoll.events, bank.balances, bank.owners",
    );
  });
  after(() => database.drop());

  const written = async (work: (onPosition: (token: string) => void) => Promise<unknown>): Promise<string> => {
    let token: string | undefined;
    await work((given) => {
      token = given;
    });
    assert.equal(token?.length, tokenChars);
    return token!;
  };
  const open = (account: string) => written((onPosition) => app.call(act, { kind: "open", account }, { onPosition }));
  const move = (account: string, cents: number) =>
    written((onPosition) => app.call(act, { kind: "deposit", account, cents }, { onPosition }));
  const refusal = async (call: Promise<unknown>) => {
    const fault = await call.then(
      () => assert.fail("it was not refused"),
      (error: unknown) => error as { code: string; type: string; message: string; details: unknown },
    );
    return fault;
  };

  it("sees what its caller wrote, each time", async () => {
    await open("a");
    for (let n = 1; n <= 20; n++) {
      const after = await move("a", 1);
      assert.deepEqual(await app.call(balance, { account: "a" }, { after }), { cents: n });
    }
  });

  it("waits until its projection has come as far, also where another process keeps it", async () => {
    await open("a");
    await app.app.events.pause(balances.name);
    const reader = await testApp({ modules, database, actor: ann, roles: ["serve"] });
    const after = await move("a", 7);
    const waiting = [app, reader].map((one) => one.call(balance, { account: "a" }, { after }));
    const [{ cents }] = [await app.call(balance, { account: "a" })];
    await app.app.events.resume(balances.name);
    assert.deepEqual(await Promise.all(waiting), [{ cents: 7 }, { cents: 7 }]);
    assert.notEqual(cents, 7, "without the header it reads what is there");
    await reader.stop();
  });

  it("is refused where its projection does not come as far in time, and not for events that it does not read", async () => {
    await open("a");
    await app.runUntilIdle();
    await app.app.events.pause(balances.name);
    await app.app.events.pause(owners.name);
    const after = await move("a", 1);
    const { code, type, message } = await refusal(app.call(hasty, { account: "a" }, { after }));
    assert.deepEqual([code, type], ["unavailable", "position_not_reached"]);
    assert.match(message, /bank\.balances did not reach .* send the request again, or without the header/);
    assert.deepEqual(await app.call(owned, { account: "a" }, { after }), { cents: 2 });
  });

  it("is refused where its projection is further behind than it accepts, with the lag and the limit", async () => {
    await open("a");
    await app.runUntilIdle();
    await app.app.events.pause(balances.name);
    await move("a", 1);
    assert.deepEqual(await app.call(fresh, { account: "a" }), { cents: 1 });
    await database.admin("update plimsoll.stream_events set recorded_at = recorded_at - interval '1 minute' where stream_version = 2");
    const { code, type, message, details } = await refusal(app.call(fresh, { account: "a" }));
    assert.deepEqual([code, type], ["unavailable", "projection_behind"]);
    assert.match(message, /bank\.balances is 1m.* behind its events, and this query accepts 5s/);
    const { lagMs, stalenessMs } = details as { lagMs: number; stalenessMs: number };
    assert.ok(lagMs >= 60_000 && lagMs < 90_000 && stalenessMs === 5_000, JSON.stringify(details));
    // It does not matter to one that accepts any.
    assert.deepEqual(await app.call(balance, { account: "a" }), { cents: 0 });
    await app.app.events.resume(balances.name);
    await app.runUntilIdle();
    assert.deepEqual(await app.call(fresh, { account: "a" }), { cents: 1 });
  });

  it("is refused before any process has kept its projection", async () => {
    await database.admin("delete from plimsoll.subscriptions where name = 'bank.balances'");
    const { type, message } = await refusal(app.call(fresh, { account: "a" }));
    assert.deepEqual([type, /has never been made of its events/.test(message)], ["projection_behind", true]);
  });

  it("asks the database once, for as long as what it found holds", async () => {
    await using one = await testApp({ modules, database, actor: ann, roles: ["serve"], development: false });
    await app.runUntilIdle();
    await one.call(fresh, { account: "a" });
    await app.app.events.pause(balances.name);
    await open("a");
    await database.admin("update plimsoll.stream_events set recorded_at = recorded_at - interval '1 minute'");
    // The event is younger than the question, whatever its row says now.
    assert.deepEqual(await one.call(fresh, { account: "a" }), { cents: 1 });
    assert.equal((await refusal(app.call(fresh, { account: "a" }))).type, "projection_behind");
  });

  it("takes no text but a token", async () => {
    const token = await open("a");
    const refused = async (after: string) => {
      const { code, type } = await refusal(app.call(balance, { account: "a" }, { after }));
      assert.deepEqual([code, type], ["invalid_argument", "position_invalid"], after);
    };
    for (const text of ["", "0", "1/2/3", `${token}=`, token.slice(1), ` ${token}`, "A".repeat(tokenChars), "€".repeat(tokenChars)])
      await refused(text);
    await fc.assert(fc.asyncProperty(fc.string({ maxLength: 64 }), refused), { numRuns: 50 });
    const digits = fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    const changed = fc
      .tuple(fc.nat({ max: tokenChars - 1 }), digits)
      .map(([at, digit]) => token.slice(0, at) + digit + token.slice(at + 1));
    await fc.assert(
      fc.asyncProperty(
        changed.filter((text) => text !== token),
        refused,
      ),
      { numRuns: 50 },
    );
  });

  for (const [what, sql, back] of [
    ["its epoch is over", "update plimsoll.event_epoch set epoch = epoch + 1", "update plimsoll.event_epoch set epoch = epoch - 1"],
    [
      "the data are on another server now, and nothing was appended yet",
      "update plimsoll.event_epoch set cluster = 'x' || cluster",
      "update plimsoll.event_epoch set cluster = substr(cluster, 2)",
    ],
  ] as const)
    it(`refuses a token of before a restore: ${what}`, async () => {
      const after = await open("a");
      await database.admin(sql);
      const { code, type, message } = await refusal(app.call(balance, { account: "a" }, { after }));
      await database.admin(back);
      assert.deepEqual([code, type], ["failed_precondition", "position_lost"]);
      assert.match(message, /Leave the header out, and look whether what you wrote is there/);
    });

  it("gets the token over HTTP, also with a replay of the response", async () => {
    await open("a");
    const send = async (method: string, headers: Readonly<Record<string, string>>) => {
      const response = await app.app.fetch(new Request("http://api/balances/a", { method, headers: { ...credentials, ...headers } }));
      const { cents, type } = (await response.json()) as { cents?: number; type?: string };
      return { status: response.status, cents, type, position: response.headers.get("plimsoll-position") ?? undefined };
    };
    const first = await send("POST", { "idempotency-key": "k1" });
    const again = await send("POST", { "idempotency-key": "k1" });
    assert.deepEqual([first.status, again.status], [200, 200]);
    for (const { position } of [first, again]) {
      assert.equal(position?.length, tokenChars);
      const seen = await send("GET", { "plimsoll-after": position! });
      assert.deepEqual([seen.status, seen.cents, seen.position], [200, 1, undefined]);
    }
    const refused = await send("GET", { "plimsoll-after": "garbage" });
    assert.deepEqual([refused.status, refused.type], [400, "urn:plimsoll:position_invalid"]);
  });

  it("says in the document what it takes and what it can be refused with", () => {
    // biome-ignore lint/suspicious/noExplicitAny: the document is read by path, and a wrong path fails the test.
    const { paths }: any = openApiDocument({
      operations: runtimeOf(app.app).registry.operations.values(),
      service: { name: "desk", version: "1" },
    });
    const { get, post } = paths["/balances/{account}"];
    const named = get.parameters.find(({ name }: { name: string }) => name === "Plimsoll-After");
    assert.deepEqual([named.in, named.required, named.schema.maxLength], ["header", false, tokenChars]);
    assert.equal(
      post.parameters.some(({ name }: { name: string }) => name === "Plimsoll-After"),
      false,
    );
    assert.match(JSON.stringify(get.responses), /ProjectionBehind/);
    assert.match(JSON.stringify(get.responses), /PositionLost/);
    assert.equal(post.responses[200].headers["Plimsoll-Position"].schema.minLength, tokenChars);
    assert.equal(get.responses[200].headers["Plimsoll-Position"], undefined);
  });

  it("costs commands no statement", async () => {
    const statements = async (of: TestApp) => {
      const executed = of.executed(act);
      await of.call(act, { kind: "open", account: `${of === app}` });
      return (await executed).statements;
    };
    await using plain = await testApp({ modules: [bank], database, actor: ann, roles: ["serve"] });
    assert.equal(await statements(app), await statements(plain));
  });
});

describe("what a query says that it reads", () => {
  const { projections: _, ...unlisted } = bank;
  const read = { ...common, budget: "1s", run: async () => ({ cents: 0 }) } as const;
  const wrong: readonly (readonly [what: string, operation: unknown, message: RegExp])[] = [
    ["nothing", query("desk.none", { ...read, reads: [] }), /desk\.none: reads: It lists no projection/],
    ["no projection", query("desk.event", { ...read, reads: [opened as never] }), /reads: It lists something that is not a projection/],
    [
      "no list, a staleness and a cache",
      query("desk.stale", { ...read, staleness: "5s", cache: { ttl: "1s" } }),
      /staleness: An output that is kept/,
    ],
    [
      "a staleness that is none",
      query("desk.soon", { ...read, reads: [balances], staleness: "soon" as "5s" }),
      /staleness: "soon" is not a duration/,
    ],
    ["and a cache", query("desk.kept", { ...read, reads: [balances], cache: { ttl: "1s" } }), /reads: An output that is kept is older/],
    [
      "in a command",
      command("desk.act", { ...read, idempotent: "no", ...({ reads: [balances] } as object) }),
      /reads: A command may change something/,
    ],
  ];
  for (const [what, operation, message] of wrong)
    it(`is refused: ${what}`, () =>
      assert.throws(() => buildRegistry([bank, module("desk", { operations: [operation as typeof balance] })]), {
        type: "app_invalid",
        message,
      }));

  it("is refused where no module lists the projection", () =>
    assert.throws(() => buildRegistry([unlisted, module("desk", { operations: [balance] })]), {
      message: /desk\.balance: reads: No module of this app lists the projection bank\.balances/,
    }));
});

describe("a process", () => {
  it("has so many queries wait for projections, and refuses the others", async () => {
    const reads = new ProjectionReads(2);
    const { promise, resolve } = Promise.withResolvers<void>();
    const found = { next: "1/5/0", lagMs: 0, started: true, epoch: 1, horizon: "9" };
    const log = { freshness: async () => found, onProjected: () => () => undefined };
    const execution = () => ({
      ...{ operation: "desk.balance", invocation: { after: tokenOf("1/5/0") }, settled: false, acceptedAt: 0, deadlineAt: 1_000 },
      remainingMs: () => 1_000,
      host: {
        ...{ events: log, options: { development: true } },
        clock: { ...systemClock, monotonic: () => 0, random: () => 0, schedule: (_: number, work: () => void) => void promise.then(work) },
        shedder: {
          faultOf: ({ limit, value }: { limit: string; value: number }) => new Fault({ code: "unavailable", message: `${limit} ${value}` }),
        },
      },
    });
    const check = () => reads.check(execution() as never, { projections: ["bank.balances"], stalenessMs: undefined });
    const waiting = [check(), check()];
    await new Promise(setImmediate);
    await assert.rejects(check() as Promise<void>, { message: "projection waits 2" });
    Object.assign(found, { next: "1/5/1" });
    resolve();
    await Promise.all(waiting);
    await check();
  });
});
