import { command, event, exponential, fault, module, type SagaScope, saga, signedIn } from "plimsoll";
import { type TestAppSpec, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";

// Sagas whose bodies are written by each test, and a table that shows what they did.

const Entry = z.object({ name: z.string() });
type Body = (input: z.infer<typeof Entry>, scope: SagaScope) => unknown;

/** What the sagas of the next test do, by their names. */
export const bodies = new Map<string, Body>();
const run = (name: string) => async (input: z.infer<typeof Entry>, scope: SagaScope) => bodies.get(name)?.(input, scope);

/** Comes again soon, at a time that the tests can tell. */
const soon = exponential("1ms", { max: "1ms", jitter: "none" });

export const SoldOut = fault("sold_out", {
  code: "failed_precondition",
  details: z.object({ what: z.string() }),
  message: "It is sold out.",
});

const Approval = z.union([z.object({ by: z.string() }), z.literal("again")]);
const signals = { approved: Approval, go: z.unknown(), last: z.unknown() };
const shared = { input: Entry, signals, budget: "1h", retry: { attempts: 3, backoff: soon } } as const;
export const travel = saga("trips.travel", { ...shared, run: run("trips.travel") });
export const asks = saga("trips.asks", { ...shared, onFailure: "ask", run: run("trips.asks") });
export const brief = saga("trips.brief", { ...shared, budget: "1500ms", run: run("trips.brief") });

/** Writes an entry; refuses what is sold out. */
export const book = command("trips.book", {
  ...{ input: Entry, output: z.object({ n: z.int() }), access: signedIn(), budget: "20s", idempotent: "key", faults: [SoldOut] },
  async run({ name }, { sql, fail }) {
    if (name.startsWith("sold out")) fail(SoldOut, { what: name });
    const { n } = await sql(z.object({ n: z.int() }))`insert into trips.entries (name) values (${name}) returning n`.one();
    return { n };
  },
});

/** Writes an entry and starts a saga, and fails when it is asked to. */
export const plan = command("trips.plan", {
  ...{ input: z.object({ name: z.string(), key: z.string().optional(), fails: z.boolean().optional() }), access: signedIn() },
  ...{ output: z.object({ id: z.string(), started: z.boolean() }), budget: "20s", idempotent: "key" },
  async run({ name, key, fails }, { start, call }) {
    await call(book, { name: `planned ${name}` });
    const started = await start(travel, { name }, key === undefined ? {} : { key });
    if (fails) throw new RangeError("asked to fail");
    return started;
  },
});

/** Writes an entry and signals a saga in the same transaction. `starts`: one that it starts itself. */
export const approve = command("trips.approve", {
  ...{ input: z.object({ id: z.string(), by: z.string(), key: z.string().optional(), ends: z.enum(["fail", "undo"]).optional() }) },
  ...{ output: z.object({ id: z.string() }), access: signedIn(), budget: "20s", idempotent: "key" },
  async run({ id: given, by, key, ends }, { sql, signalSaga, start, attempt }) {
    await sql`insert into trips.entries (name) values (${`approved by ${by}`})`.run();
    const id = given === "" ? (await start(travel, { name: by })).id : given;
    const sends = () => signalSaga(travel, id, { name: "approved", payload: { by }, ...(key !== undefined && { key }) });
    if (ends !== "undo") await sends();
    else await attempt(() => sends().then(() => Promise.reject(new SoldOut({ what: "it" })))).catch(() => undefined);
    if (ends === "fail") throw new RangeError("asked to fail");
    return { id };
  },
});

export const paid = event("trips.paid", { data: z.object({ name: z.string(), cents: z.int() }), key: ({ name }) => name });

/** Says that something is paid. */
export const pay = command("trips.pay", {
  ...{ input: z.object({ name: z.string(), cents: z.int() }), output: z.object({}), access: signedIn(), budget: "20s", idempotent: "key" },
  emits: [paid],
  async run(data, { emit }) {
    emit(paid, data);
    return {};
  },
});

export const trips = module("trips", {
  ...{ schema: "trips", migrations: new URL("./migrations/", import.meta.url) },
  operations: [travel, asks, brief, book, plan, pay, approve],
  events: [paid],
});

export const ann = testActor({ id: "ann", tenant: "acme" });
export const tripsDatabase = () => testDatabase({ modules: [trips] });
export const tripsApp = (database: TestDatabase, spec: Partial<TestAppSpec> = {}) =>
  testApp({ modules: [trips], database, actor: ann, ...spec });

/** What was written, in its order. */
export async function entries(database: TestDatabase): Promise<readonly string[]> {
  return (await database.admin<{ name: string }>("select name from trips.entries order by n")).map(({ name }) => name);
}

/** Sets durable time so far ahead. */
export const moveTime = async (database: TestDatabase, by: string): Promise<void> => {
  await database.admin("select plimsoll.set_clock_offset($1::interval)", [by]);
};

/** Forgets all sagas. */
export async function emptySagas(database: TestDatabase): Promise<void> {
  await database.admin(
    "truncate plimsoll.sagas, plimsoll.saga_steps, plimsoll.saga_decisions, plimsoll.saga_signals, plimsoll.saga_signal_keys, trips.entries",
  );
}
