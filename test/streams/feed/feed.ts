import { command, exponential, module, query, saga, signedIn, task } from "plimsoll";
import { http } from "plimsoll/http";
import { durableStream } from "plimsoll/streams";
import { type TestAppSpec, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";

// What writes to durable streams, and what reads them.

export const Line = z.object({ text: z.string().max(100_000) });
export const feed = durableStream("feed.lines", { item: Line, retention: "1d" });
/** Keeps little. */
export const small = durableStream("feed.small", { item: Line, items: 5, bytesMax: 1_024 });

const Id = z.object({ id: z.string() });
const online = { access: signedIn(), budget: "20s" } as const;

export const watch = query("feed.watch", {
  ...{ access: "public", budget: "20s", input: Id, stream: feed.stream, faults: feed.faults, http: "GET /v1/feeds/{id}" },
  run: ({ id }, scope) => feed.follow(scope, id),
});
export const watchSmall = query("feed.watch-small", {
  ...{ access: "public", budget: "20s", input: Id, stream: small.stream, faults: small.faults, http: "GET /v1/small-feeds/{id}" },
  run: ({ id }, scope) => small.follow(scope, id),
});

/** Writes, and fails afterwards where it is asked to. */
export const say = command("feed.say", {
  ...{ ...online, idempotent: "no", faults: feed.write.faults, output: z.object({ offset: z.int() }) },
  input: z.object({
    id: z.string(),
    texts: z.array(z.string().max(100_000)).default([]),
    key: z.string().optional(),
    end: z.boolean().default(false),
    fails: z.boolean().default(false),
    to: z.enum(["feed", "small"]).default("feed"),
  }),
  async run({ id, texts, key, end, fails, to }, { call }) {
    const items = texts.map((text) => ({ text }));
    const written = await call(to === "feed" ? feed.write : small.write, { id, items, end, ...(key !== undefined && { key }) });
    if (fails) throw new RangeError("asked to fail");
    return written;
  },
});

/** Writes one line after the other, each once whatever happens to its attempts. */
export const tell = task("feed.tell", {
  ...{
    input: z.object({ id: z.string(), lines: z.int() }),
    budget: "30s",
    retry: { attempts: 10, backoff: exponential("10ms", { max: "50ms" }) },
  },
  async run({ id, lines }, { call, key }) {
    for (let n = 1; n <= lines; n++) await call(feed.write, { id, items: [{ text: `line ${n}` }], key: `${key}:${n}`, end: n === lines });
  },
});
export const begin = command("feed.begin", {
  ...{ ...online, idempotent: "key", input: z.object({ id: z.string(), lines: z.int() }), output: z.object({}) },
  async run(input, { start }) {
    await start(tell, input);
    return {};
  },
});

/** Writes from its steps, the last line with the record of its step. */
export const narrate = saga("feed.narrate", {
  ...{ input: Id, output: z.int(), budget: "1h" },
  async run({ id }, { step, call }) {
    await step("first", async ({ call: inStep, key }) => void (await inStep(feed.write, { id, items: [{ text: "first" }], key })));
    const { offset } = await call("last", feed.write, { id, items: [{ text: "last" }], end: true });
    return offset;
  },
});

export const feeds = module("feed", {
  operations: [...feed.operations, ...small.operations, watch, watchSmall, say, tell, begin, narrate],
  schedules: [...feed.schedules, ...small.schedules],
});

export const ann = testActor({ id: "ann", tenant: "acme" });
export const feedDatabase = () => testDatabase({ modules: [feeds] });
export const feedApp = (database: TestDatabase, spec: Partial<TestAppSpec> = {}) =>
  testApp({ modules: [feeds], database, actor: ann, tenant: "acme", surfaces: [http({ port: false })], ...spec });
