import assert from "node:assert/strict";
import { type App, createApp } from "../../app/app.ts";
import type { AppSpec } from "../../app/app-spec.ts";
import type { Surface } from "../../app/surface.ts";
import type { Code } from "../../core/code.ts";
import { Fault } from "../../core/fault.ts";
import { type Actor, authenticator, badCredential } from "../../operation/actor.ts";
import type { Operation } from "../../operation/contract.ts";
import type { Execution } from "../../operation/execution.ts";
import { module } from "../../operation/module.ts";
import type { ConformanceCase } from "./authentication.ts";
import { MemoryDatabase } from "./memory-database.ts";
import { type SurfaceFields, type SurfaceOperations, secretWords, surfaceOperations } from "./surface-operations.ts";

/** A call as the caller of any surface makes it. */
export interface SurfaceCall {
  readonly operation: Operation;
  readonly input: SurfaceFields;
  readonly key?: string;
  /** *Units*: milliseconds. */
  readonly remainingMs?: number;
  /** What stands in `Authorization`, or in its place. */
  readonly authorization?: string;
  /** The caller leaves when it aborts; `send` may do then what it likes. */
  readonly signal?: AbortSignal;
}

/** A reply as its caller read it. */
export interface SurfaceReply {
  readonly code: Code | "ok";
  /** The type of the fault, where the surface says it. */
  readonly type?: string | undefined;
  readonly output?: unknown;
  /** All of it, as it came. */
  readonly text: string;
}

/** What the suite needs of a surface. */
export interface SurfaceSample {
  /** Makes the surface of an app with these operations, on a port of its own; undefined where calls need none. */
  make(operations: readonly Operation[]): Surface | undefined;
  /** Sends a call to the app, and reads the reply. */
  send(app: App, call: SurfaceCall): Promise<SurfaceReply>;
  /** A surface that cannot serve its operations, and which one it is. *Default*: it serves whatever there is. */
  refused?(): { readonly surface: Surface; readonly operations: readonly Operation[]; readonly where: string };
  /** Whether callers come from an address, and sign in with credentials. *Default*: true; otherwise `send` signs in who has any. */
  readonly signsIn?: boolean;
}

const item = { name: "a & b = ü", count: 3 } as const;
/** Credentials of the actor `ann`, a clerk. */
export const goodAuthorization = "Bearer good";
/** The actor of {@link goodAuthorization}. */
export const ann: Actor = { id: "ann", kind: "user", roles: ["clerk"], tenant: undefined, claims: {} };
const signingIn = authenticator({ authenticate: (token) => (token === "good" ? ann : badCredential("It is unknown.")) });

class Bench implements AsyncDisposable {
  readonly #sample: SurfaceSample;
  readonly app: App;
  readonly operations: SurfaceOperations;
  readonly executions: Execution[] = [];

  private constructor(sample: SurfaceSample, app: App, operations: SurfaceOperations) {
    this.#sample = sample;
    this.app = app;
    this.operations = operations;
    // A surface may carry several calls by one request, which is an execution of its own.
    app.signals.executed.on((execution) => void (execution.module === "suite" && this.executions.push(execution)));
  }

  static async start(sample: SurfaceSample, database: MemoryDatabase, spec: Partial<AppSpec> = {}): Promise<Bench> {
    const operations = surfaceOperations();
    const surface = sample.make(operations.all);
    const app = createApp({
      ...{ modules: [module("suite", { operations: operations.all })], database: { open: () => database } },
      ...{ surfaces: surface === undefined ? [] : [surface], authentication: signingIn, rateLimit: { perSecond: 0 } },
      ...{ development: false, shutdown: "5s" },
      ...spec,
    });
    await app.start({ keepsProcess: false });
    return new Bench(sample, app, operations);
  }

  send(word: string, call: Partial<SurfaceCall> = {}): Promise<SurfaceReply> {
    const operation = this.operations.all.find(({ name }) => name === `suite.${word}`);
    assert(operation !== undefined, `the suite has ${word}`);
    return this.#sample.send(this.app, { operation, input: item, ...call });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.app.stop();
  }
}

type Case = readonly [name: string, run: (bench: Bench, database: MemoryDatabase) => Promise<void>];

const replies: readonly Case[] = [
  [
    "replies with the output in its shape, and publishes the execution once, as its own",
    async (bench) => {
      const { code, output, text } = await bench.send("echo");
      assert.deepEqual([code, output], ["ok", item]);
      assert(!text.includes(secretWords), "what the schema does not name stays here");
      assert.deepEqual(
        bench.executions.map(({ operation, outcome }) => [operation, outcome]),
        [["suite.echo", "ok"]],
      );
      assert.notEqual(bench.executions[0]?.surface, "");
    },
  ],
  [
    "refuses an input that does not fit",
    async (bench) => assert.equal((await bench.send("echo", { input: { name: "no count" } })).code, "invalid_argument"),
  ],
  [
    "shows a declared fault by its code and type",
    async (bench) => {
      const { code, type } = await bench.send("sell");
      assert.deepEqual([code, type], ["failed_precondition", "sold_out"]);
    },
  ],
  [
    "hides what a bug says",
    async (bench) => {
      const { code, text } = await bench.send("break");
      assert.equal(code, "internal");
      assert(!text.includes(secretWords) && !text.includes("TypeError"), "the reply does not say what was thrown");
    },
  ],
];

const lifetimes: readonly Case[] = [
  [
    "ends an execution when the time is over that its caller has left",
    async (bench) => {
      assert.equal((await bench.send("wait", { remainingMs: 250 })).code, "deadline_exceeded");
      assert.equal((await bench.operations.waiting).aborted, true);
      assert((bench.executions[0]?.deadlineMs ?? 0) <= 250, "the deadline is the caller's");
    },
  ],
  [
    "stops the work of a caller that leaves",
    async (bench) => {
      const leaving = new AbortController();
      const ended = bench.app.signals.executed.next();
      const sent = bench.send("wait", { signal: leaving.signal }).catch(() => undefined);
      const signal = await bench.operations.waiting;
      leaving.abort();
      assert.equal((await ended).outcome, "cancelled");
      assert.equal(signal.aborted, true);
      await sent;
    },
  ],
  [
    "answers what it accepted before the app stops",
    async (bench) => {
      const sent = bench.send("wait");
      await bench.operations.waiting;
      const stopping = bench.app.signals.stopping.next();
      const stopped = bench.app.stop();
      await stopping;
      bench.operations.release();
      assert.equal((await sent).code, "ok");
      await stopped;
    },
  ],
];

const credentials: readonly Case[] = [
  [
    "signs its callers in by the scheme of the app",
    async (bench) => {
      const signed = await bench.send("sign", { authorization: goodAuthorization });
      assert.deepEqual([signed.code, signed.output], ["ok", { by: "ann" }]);
      for (const authorization of ["Bearer bad", "Basic YTpi", undefined]) {
        const { code } = await bench.send("sign", authorization === undefined ? {} : { authorization });
        assert.equal(code, "unauthenticated", authorization);
      }
    },
  ],
];

const guessing: Case = [
  "limits callers that guess credentials, by their address",
  async (bench) => {
    const codes: string[] = [];
    for (let i = 0; i < 3; i++) codes.push((await bench.send("sign", { authorization: `Bearer guess-${i}` })).code);
    assert.deepEqual(codes, ["unauthenticated", "unauthenticated", "resource_exhausted"]);
  },
];

const signed = { authorization: goodAuthorization } as const;
const keys: readonly Case[] = [
  [
    "passes on the key: a replay is the first reply, and nothing is done again",
    async (bench, database) => {
      const [first, again] = [await bench.send("keep", { ...signed, key: "k-1" }), await bench.send("keep", { ...signed, key: "k-1" })];
      assert.deepEqual([first.code, again.code], ["ok", "ok"]);
      assert.deepEqual(again.output, first.output);
      assert.equal(database.commits, 1);
      assert.deepEqual(
        bench.executions.map(({ replayed }) => replayed),
        [false, true],
      );
    },
  ],
  [
    "refuses a call without the key that it needs, and another input under the same key",
    async (bench) => {
      assert.equal((await bench.send("keep", signed)).type, "idempotency_key_missing");
      await bench.send("keep", { ...signed, key: "k-2" });
      const other = await bench.send("keep", { ...signed, key: "k-2", input: { name: "other", count: 1 } });
      assert.equal(other.type, "idempotency_key_reused");
    },
  ],
  [
    "refuses an output that it cannot write before anything is committed",
    async (bench, database) => {
      assert.equal((await bench.send("misshape", { ...signed, key: "k-3" })).code, "internal");
      assert.equal(database.commits, 0);
    },
  ],
  [
    "replies with the output that the record keeps, where the same call turns out to have committed before",
    async (bench, database) => {
      database.completedBefore = { outcome: "ok", body: JSON.stringify({ name: "before", count: 7 }), head: null };
      assert.deepEqual((await bench.send("keep", { ...signed, key: "k-4" })).output, { name: "before", count: 7 });
    },
  ],
];

/** Not `await using`: an old Node could not even read it, and would not say which Node is needed. */
async function withBench(starting: Promise<Bench>, work: (bench: Bench) => unknown): Promise<void> {
  const bench = await starting;
  try {
    await work(bench);
  } finally {
    await bench[Symbol.asyncDispose]();
  }
}

async function replaysAfterRestart(sample: SurfaceSample): Promise<void> {
  const database = new MemoryDatabase();
  const outputs: unknown[] = [];
  for (let run = 0; run < 2; run++) {
    await withBench(Bench.start(sample, database), async (bench) => {
      // Advance the counter, so that the handler of the second app would return another output.
      for (let i = 0; i < run; i++) await bench.send("keep", { ...signed, key: "another" });
      outputs.push((await bench.send("keep", { ...signed, key: "k-5" })).output);
    });
  }
  assert.deepEqual(outputs[1], outputs[0]);
  assert.notEqual(outputs[0], undefined);
}

async function refusesAtStart({ refused }: SurfaceSample): Promise<void> {
  assert(refused !== undefined, "the sample has what it refuses");
  const { surface, operations, where } = refused();
  assert.throws(
    () => createApp({ modules: [module("suite", { operations })], surfaces: [surface] }),
    (error) => error instanceof Fault && error.type === "app_invalid" && error.message.includes(`${where}: `),
  );
}

/**
 * Lists what every surface must do; a test runs each. Each case starts an app of its own, and throws an assertion where the surface does otherwise.
 * @example for (const { name, run } of surfaceConformance(sample)) it(name, run);
 */
export function surfaceConformance(sample: SurfaceSample): readonly ConformanceCase[] {
  const made = ([name, check]: Case, spec?: Partial<AppSpec>): ConformanceCase => ({
    name,
    run: async () => {
      const database = new MemoryDatabase();
      await withBench(Bench.start(sample, database, spec), (bench) => check(bench, database));
    },
  });
  const cases = [...replies, ...lifetimes, ...keys].map((each) => made(each));
  cases.push({ name: "replays the first reply after a restart", run: () => replaysAfterRestart(sample) });
  if (sample.refused !== undefined) cases.push({ name: "names at the start what it cannot serve", run: () => refusesAtStart(sample) });
  if (sample.signsIn === false) return cases;
  return [...cases, ...credentials.map((each) => made(each)), made(guessing, { rateLimit: { perSecond: 0.01, burst: 2 } })];
}
