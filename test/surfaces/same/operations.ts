import { action, command, fail, fault, permission, query, rateLimit, role, signedIn } from "plimsoll";
import type { Operation } from "plimsoll/ports";
import { z } from "zod";

const Text = z.object({ text: z.string().max(20) });
const SoldOut = fault("sold_out", {
  code: "failed_precondition",
  details: z.object({ left: z.int() }),
  message: ({ left }) => `Only ${left} are left.`,
});
const Undeclared = fault("undeclared", { code: "not_found", message: "A secret of the handler." });

/** The operations of the table; nothing of them is shared between apps. */
export function sameOperations() {
  let kept = 0;
  const released = Promise.withResolvers<void>();
  const beginning = { current: Promise.withResolvers<void>() };
  const open = { input: Text, output: Text, access: "public", budget: "5s" } as const;
  const write = { ...open, idempotent: "no" } as const;
  const at = (word: string) => ({ http: `POST /same/${word}`, graphql: `do${word}`, mcp: true }) as const;
  const waits = async (input: { text: string }, { signal }: { readonly signal: AbortSignal }) => {
    beginning.current.resolve();
    await Promise.race([released.promise, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
    return input;
  };
  const operations = {
    look: query("same.look", { ...open, ...at("look"), run: async (input) => input }),
    own: query("same.own", { ...open, ...at("own"), owns: async ({ text }) => text === "mine", run: async (input) => input }),
    many: query("same.many", {
      ...{ ...open, ...at("many"), budget: { deadline: "5s", queries: 2 } },
      run: async (input, { sql }) => {
        for (let i = 0; i < 3; i++) await sql`select ${i}`.run();
        return input;
      },
    }),
    cached: query("same.cached", { ...open, ...at("cached"), cache: { ttl: "1m" }, run: async (input) => input }),
    echo: action("same.echo", {
      ...{ ...write, ...at("echo") },
      run: async (input, { note }) => {
        note({ seen: input.text });
        return input;
      },
    }),
    sell: action("same.sell", { ...write, ...at("sell"), faults: [SoldOut], run: async () => fail(SoldOut, { left: 3 }) }),
    stray: action("same.stray", { ...write, ...at("stray"), run: async () => fail(Undeclared, {}) }),
    crash: action("same.crash", {
      ...{ ...write, ...at("crash") },
      run: async () => {
        throw new TypeError("table_of_secrets");
      },
    }),
    misshape: action("same.misshape", { ...write, ...at("misshape"), run: async () => ({ text: 7 }) as never }),
    clerk: action("same.clerk", { ...write, ...at("clerk"), access: role("clerk"), run: async (_, { actor }) => ({ text: actor.id }) }),
    permitted: action("same.permitted", { ...write, ...at("permitted"), access: permission("same.do"), run: async (input) => input }),
    keep: command("same.keep", {
      ...{ ...open, ...at("keep"), access: signedIn(), idempotent: "key" },
      run: async () => ({ text: `kept ${++kept}` }),
    }),
    slow: action("same.slow", { ...write, ...at("slow"), budget: "300ms", run: waits }),
    wait: action("same.wait", { ...write, ...at("wait"), criticality: "sheddable", run: waits }),
    one: action("same.one", { ...write, ...at("one"), budget: { deadline: "5s", concurrency: 1, queue: 0 }, run: waits }),
    rare: action("same.rare", {
      ...{ ...write, ...at("rare") },
      budget: { deadline: "5s", rate: rateLimit({ per: "address", limit: 2, period: "1h" }) },
      run: async (input) => input,
    }),
    each: action("same.each", {
      ...{ ...write, ...at("each") },
      budget: { deadline: "5s", rate: rateLimit({ per: ({ text }: { text: string }) => text, limit: 1, period: "1h" }) },
      run: async (input) => input,
    }),
  } satisfies Readonly<Record<string, Operation>>;
  return {
    operations,
    /** Resolves when a handler waits; asked before its call. */
    begins: (): Promise<void> => {
      beginning.current = Promise.withResolvers<void>();
      return beginning.current.promise;
    },
    release: (): void => released.resolve(),
  };
}

/** What a row has of its app. */
export type Same = ReturnType<typeof sameOperations>;
/** The operations by their words. */
export type Word = keyof Same["operations"];
