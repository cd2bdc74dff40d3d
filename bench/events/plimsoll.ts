import { z } from "zod";
import { type App, command, createApp, decider, event, eventStream, module, projection, subscription } from "../../src/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import type { EventSystem, EventTarget } from "./system.ts";

const Added = z.object({ stream: z.string(), amount: z.int() });
const added = event("bench.added", { data: Added, key: ({ stream }) => stream });
const noted = event("bench.noted", { data: Added, key: ({ stream }) => stream });
const streams = eventStream("bench.sum", {
  decider: decider({
    events: [added],
    initial: 0,
    decide: (stream: string, sum) => (sum < 1_000_000 ? [{ name: "bench.added", data: { stream, amount: 1 } }] : []),
    evolve: (sum, { data }) => sum + data.amount,
  }),
});

const online = {
  input: z.object({ stream: z.string() }),
  output: z.object({}),
  access: "public",
  idempotent: "no",
  budget: "30s",
} as const;
const append = command("bench.append", {
  ...{ ...online, streams: [streams] },
  async run({ stream: id }, { stream }) {
    stream(streams, id).append([{ name: "bench.added", data: { stream: id, amount: 1 } }], { version: 0 });
    return {};
  },
});
const decide = command("bench.decide", {
  ...{ ...online, streams: [streams] },
  async run({ stream: id }, { stream }) {
    await stream(streams, id).decide(id);
    return {};
  },
});
/** The same command with an event and without: it writes one row. */
const writes = (name: string, emits: boolean) =>
  command(`bench.${name}`, {
    ...{ ...online, emits: [noted] },
    async run({ stream }, { sql, emit }) {
      await sql`insert into bench.sums (stream, sum) values (${stream}, 1) on conflict (stream) do update set sum = bench.sums.sum + 1`.run();
      if (emits) emit(noted, { stream, amount: 1 });
      return {};
    },
  });
const [write, writeAndEmit] = [writes("write", false), writes("write-and-emit", true)];

const readers = ["one", "two", "three"].map((name) =>
  subscription(`bench.${name}`, {
    ...{ on: [noted], from: "now", order: "none", budget: { deadline: "30s", concurrency: 64 } },
    run: async () => undefined,
  }),
);
const sums = projection("bench.sums-of", {
  ...{ on: [added], table: "bench.stream_sums", row: z.object({ stream: z.string(), sum: z.int() }), key: "stream" },
  apply: (row, { data: { stream, amount } }) => ({ stream, sum: (row?.sum ?? 0) + amount }),
});

/** Plimsoll: an app that is called in its process; where it `reads`, three subscriptions and a projection follow what it writes. */
export interface PlimsollEvents extends EventSystem {
  readonly app: App;
  write(stream: string): Promise<unknown>;
  writeAndEmit(stream: string): Promise<unknown>;
  readonly projection: string;
}

export async function openPlimsoll(
  { url, appUrl, connections }: EventTarget,
  { reads }: { readonly reads: boolean },
): Promise<PlimsollEvents> {
  const app = createApp({
    service: { name: "bench", version: "1.0.0" },
    modules: [
      module("bench", {
        schema: "bench",
        migrations: new URL("./migrations/", import.meta.url),
        operations: [append, decide, write, writeAndEmit, ...(reads ? readers : [])],
        events: [added, noted],
        streams: [streams],
        ...(reads && { projections: [sums] }),
      }),
    ],
    database: postgres({ url: appUrl, adminUrl: url, connections }),
    rateLimit: { perSecond: 1_000_000_000 },
    development: false,
  });
  await app.start();
  return {
    app,
    projection: sums.name,
    append: (stream) => app.call(append, { stream }),
    decide: (stream) => app.call(decide, { stream }),
    write: (stream) => app.call(write, { stream }),
    writeAndEmit: (stream) => app.call(writeAndEmit, { stream }),
    close: () => app.stop(),
  };
}
