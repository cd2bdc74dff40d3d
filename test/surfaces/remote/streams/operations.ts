import { action, fail, fault, module, query, role, signedIn } from "plimsoll";
import { z } from "zod";

const Stuck = fault("stuck", {
  code: "aborted",
  details: z.object({ at: z.int() }),
  message: ({ at }) => `The count is stuck at ${at}. Start again.`,
});
const Undeclared = fault("undeclared", { code: "not_found", message: "A secret of the handler." });

const Counting = z.object({
  to: z.int(),
  /** Where it fails, and how. */
  failsAt: z.int().optional(),
  how: z.enum(["declared", "undeclared", "bug", "item"]).optional(),
});
const Item = z.object({ at: z.int() });
const id = ({ at }: { readonly at: number }) => String(at);

function failAt(at: number, { failsAt, how }: z.infer<typeof Counting>): void {
  if (at !== failsAt) return;
  if (how === "declared") fail(Stuck, { at });
  if (how === "undeclared") fail(Undeclared, {});
  if (how === "bug") throw new TypeError("table_of_secrets");
}

const open = { input: Counting, access: "public", budget: "5s", faults: [Stuck] } as const;

/** Streams that end by themselves. */
function counting(yielded: { count: number }) {
  return {
    count: query("feed.count", {
      ...{ ...open, stream: { item: Item, id }, http: "GET /count" },
      async *run(input, { lastEventId }) {
        for (let at = 1 + Number(lastEventId ?? 0); at <= input.to; at++) {
          failAt(at, input);
          yielded.count++;
          yield input.how === "item" && at === input.failsAt ? ({ at: "no number" } as never) : { at };
        }
      },
    }),
    noted: action("feed.noted", {
      ...{ ...open, stream: Item, http: "POST /noted", idempotent: "no" },
      async *run({ to }, { note, open: opens }) {
        note({ counts: to });
        opens();
        for (let at = 1; at <= to; at++) yield { at };
      },
    }),
    own: query("feed.own", {
      ...{ ...open, access: role("clerk"), stream: Item, http: "GET /own" },
      async *run(_, { actor }) {
        yield { at: actor.id.length };
      },
    }),
    large: query("feed.large", {
      ...{ ...open, stream: z.object({ at: z.int(), text: z.string() }), http: "GET /large" },
      async *run({ to }) {
        for (let at = 1; at <= to; at++) {
          yielded.count++;
          yield { at, text: "x".repeat(10_000) };
        }
      },
    }),
    add: action("feed.add", {
      ...{ ...open, idempotent: "no", input: z.object({ from: z.number() }), http: "GET /add" },
      ...{ stream: z.object({ sum: z.number() }), receives: z.object({ add: z.string().transform(Number) }) },
      async *run({ from }, { incoming }) {
        let sum = from;
        for await (const { add } of incoming) {
          sum += add;
          yield { sum };
        }
      },
    }),
    look: query("feed.look", { ...open, output: z.object({ pid: z.int() }), run: async () => ({ pid: process.pid }) }),
  };
}

/** What streams that wait have in common. */
interface Gates {
  readonly released: PromiseWithResolvers<void>;
  readonly begun: PromiseWithResolvers<void>;
  readonly ended: PromiseWithResolvers<void>;
}

/** Streams that wait after their first item, or before it. */
function waiting({ released, begun, ended }: Gates) {
  async function* wait(signal: AbortSignal) {
    try {
      yield { at: 1 };
      begun.resolve();
      await Promise.race([released.promise, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
    } finally {
      ended.resolve();
    }
  }
  return {
    mine: query("feed.mine", {
      ...{ ...open, access: signedIn(), stream: Item, http: "GET /mine" },
      run: (_, { signal }) => wait(signal),
    }),
    slow: query("feed.slow", {
      ...{ ...open, budget: "300ms", stream: Item, http: "GET /slow" },
      async *run(_, { signal }) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        yield* [];
      },
    }),
    idle: query("feed.idle", { ...open, stream: { item: Item, idle: "300ms" }, http: "GET /idle", run: (_, { signal }) => wait(signal) }),
    longest: query("feed.longest", {
      ...{ ...open, stream: { item: Item, longest: "300ms" }, http: "GET /longest" },
      run: (_, { signal }) => wait(signal),
    }),
    wait: query("feed.wait", { ...open, stream: { item: Item, id }, http: "GET /wait", run: (_, { signal }) => wait(signal) }),
    quiet: query("feed.quiet", {
      ...{ ...open, stream: Item, http: "GET /quiet" },
      async *run(_, { open: opens }) {
        opens();
        await released.promise;
        yield { at: 1 };
      },
    }),
  };
}

/** A module that streams; nothing of it is shared between apps. */
export function feedOf() {
  const yielded = { count: 0 };
  const gates = { released: Promise.withResolvers<void>(), begun: Promise.withResolvers<void>(), ended: Promise.withResolvers<void>() };
  const operations = { ...counting(yielded), ...waiting(gates) };
  return {
    feed: module("feed", { operations: Object.values(operations) }),
    operations,
    /** How many items the handler has made. */
    yielded,
    /** Resolves when a handler waits, and when it has ended. */
    begun: gates.begun.promise,
    ended: gates.ended.promise,
    release: () => gates.released.resolve(),
  };
}

/** The module with what looks into its handlers. */
export type Feed = ReturnType<typeof feedOf>;
