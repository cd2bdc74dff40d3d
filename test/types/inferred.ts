// What the compiler works out by itself: input, output and dependencies are never written twice. Each line fails to compile when it does not.
import {
  action,
  adaptSchema,
  command,
  fault,
  type Input,
  implement,
  module,
  type Output,
  query,
  resource,
  role,
  type Started,
  task,
} from "plimsoll";
import { breaker, bulkhead, compose, fallback, idempotent, type Policy, retry, timeout } from "plimsoll/resilience";
import { z } from "zod";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Expect<T extends true> = T;
/** Compiles only where the value has exactly this type. */
const exactly = <T>() => ({ is: <V>(_value: V & (Equal<V, T> extends true ? unknown : never)) => {} });

const access = role("customer");
/** An input that differs from what it is parsed to: a default, a transformation. */
const Search = z.object({ text: z.string(), limit: z.int().default(20), since: z.iso.datetime().optional() });
const Item = z.object({ id: z.uuid(), price: z.object({ cents: z.int() }), tags: z.array(z.string()).default([]) });

export type Inputs = [
  Expect<Equal<Input<typeof Search>, { text: string; limit?: number | undefined; since?: string | undefined }>>,
  Expect<Equal<Output<typeof Search>, { text: string; limit: number; since?: string | undefined }>>,
];

/** A schema of another library: what it says of its types counts, whatever it is made of. */
const Other = adaptSchema<{ at: Date }, { at: string }>(
  { "~standard": { version: 1, vendor: "other", validate: (value) => ({ value }) } },
  { input: {} },
);
export type Others = [Expect<Equal<Input<typeof Other>, { at: string }>>, Expect<Equal<Output<typeof Other>, { at: Date }>>];
export const other = query("shop.other", {
  input: Other,
  output: Other,
  access,
  budget: "1s",
  run: async ({ at }) => exactly<Date>().is(at) ?? { at: at.toISOString() },
});

const TooMany = fault("too_many", { code: "failed_precondition", details: z.object({ most: z.int() }), message: ({ most }) => `${most}` });
const mailer = resource("mailer", { create: async () => ({ send: async (to: string) => to.length }), dispose: (m) => void m.send });

export const search = query("shop.search", {
  input: Search,
  output: Item,
  faults: [TooMany],
  access,
  budget: "100ms",
  http: { route: "GET /items", etag: (item) => exactly<{ id: string; price: { cents: number }; tags: string[] }>().is(item) ?? item.id },
  owns: async (input, { sql }) => {
    exactly<{ text: string; limit: number; since?: string | undefined }>().is(input);
    return sql`select 1`.exists();
  },
  async run(input, { sql, fail, actor }) {
    exactly<{ text: string; limit: number; since?: string | undefined }>().is(input);
    exactly<string>().is(actor.id);
    const row = await sql(Item)`select id, price, tags from shop.items where id = ${input.text}`.maybe();
    exactly<{ id: string; price: { cents: number }; tags: string[] } | undefined>().is(row);
    // The output has a default, so that the body may leave it out.
    return row ? { id: row.id, price: row.price } : fail(TooMany, { most: input.limit });
  },
});

export const notify = action("shop.notify", {
  input: z.object({ to: z.email() }),
  output: z.object({ sent: z.int() }),
  access: "public",
  idempotent: "no",
  budget: "1s",
  uses: { mailer },
  async run({ to }, { mailer, call, upstream }) {
    const item = await call(search, { text: to });
    exactly<string[]>().is(item.tags);
    const sent = await upstream("mail", () => mailer.send(to));
    exactly<number>().is(sent);
    return { sent };
  },
});

// A task is started with its input, and run with what that is parsed to.
export const index = task("shop.index", {
  input: Search,
  budget: { deadline: "1m", concurrency: 4 },
  unique: { for: "1h" },
  fairnessKey: (input) => {
    exactly<{ text: string; limit: number; since?: string | undefined }>().is(input);
    return input.text;
  },
  uses: { mailer },
  async run(input, { mailer, key, attempt, commit, start }) {
    exactly<{ text: string; limit: number; since?: string | undefined }>().is(input);
    exactly<string>().is(key);
    exactly<number>().is(attempt);
    const sent = await mailer.send(input.text);
    exactly<Started>().is(await start(index, { text: "" }, { delay: "1m", key }));
    const item = await commit(async ({ sql, call }) => {
      await sql`select ${sent}`.run();
      return call(search, { text: input.text });
    });
    exactly<string[]>().is(item.tags);
  },
});

// A public command's key is scoped by a field of its own input.
export const register = command("shop.register", {
  input: z.object({ email: z.email() }),
  output: z.object({}),
  access: "public",
  idempotent: { key: "email" },
  budget: "1s",
  run: async ({ email }) => exactly<string>().is(email) ?? {},
});

// Two modules call each other's contracts: the bodies refer to both, the contracts to neither.
export const ping = command("left.ping", {
  input: z.object({ n: z.int() }),
  output: z.object({ left: z.int() }),
  access,
  budget: "1s",
  idempotent: "key",
});
export const pong = command("right.pong", {
  input: z.object({ n: z.int() }),
  output: z.object({ right: z.string() }),
  access,
  budget: "1s",
  idempotent: "key",
});
const pingBody = implement(ping, async ({ n }, { call }) => {
  const answer = await call(pong, { n });
  exactly<{ right: string }>().is(answer);
  return { left: answer.right.length };
});
const pongBody = implement(pong, async ({ n }, { call }) => {
  if (n === 0) return { right: "end" };
  const answer = await call(ping, { n: n - 1 });
  exactly<{ left: number }>().is(answer);
  return { right: answer.left.toFixed() };
});
export const modules = [module("left", { operations: [pingBody] }), module("right", { operations: [pongBody] })];

/** The body of a contract takes what the contract says, in every kind of the platform. */
export const bodies = [
  implement(search, async (input, scope) => {
    exactly<{ text: string; limit: number; since?: string | undefined }>().is(input);
    return scope.sql(Item)`select 1`.one();
  }),
  implement(notify, async ({ to }, { mailer }) => ({ sent: await mailer.send(to) })),
  implement(register, async (input, scope) => {
    exactly<{ email: string }>().is(input);
    await scope.sql`select ${input.email}`.run();
    return {};
  }),
  implement(index, async (input, { mailer, key, attempt }) => {
    exactly<{ text: string; limit: number; since?: string | undefined }>().is(input);
    exactly<string>().is(key);
    exactly<number>().is(attempt);
    await mailer.send(input.text);
  }),
];

/** A composed policy is a policy, and what it may return in place of a result is known however deep it is. */
declare const number: () => number;
const once = compose(compose(timeout("1s")), compose(breaker(), compose(bulkhead({ concurrency: 1 }))));
const lesser = compose(compose(fallback({ degraded: () => "none" as const })), compose(compose(retry())));
export const policies = async () => [
  exactly<number>().is(await once.run(number)),
  exactly<number | "none">().is(await lesser.run(idempotent(number))),
  exactly<Policy<"once">>().is(compose(fallback({ degraded: (): unknown => 1 }))),
];

// A kind that is not of the platform has a row that the compiler does not know: its own constructor says what its handlers take.
declare const foreign: Omit<typeof index, "kind"> & { readonly kind: "toy/relay" };
export const foreignBody = implement(foreign, async ({ text }: { text: string }, scope: { signal: AbortSignal }) => {
  scope.signal.throwIfAborted();
  return text;
});

// Proof of the proof: `exactly` refuses what is wider, narrower or any.
export const planted = () => {
  // @ts-expect-error wider
  exactly<string>().is("a" as string | number);
  // @ts-expect-error narrower
  exactly<string | number>().is("a" as string);
  // biome-ignore lint/suspicious/noExplicitAny: that it is refused is the point.
  const anything = 1 as any;
  // @ts-expect-error any
  exactly<string>().is(anything);
};

/** Messages both ways over a WebSocket: those of the client have the output type of their schema, with `run` and with `implement`. */
const duplex = { input: Search, access, budget: "1s", idempotent: "no", http: "GET /v1/talks", stream: Item, receives: Search } as const;
export const talk = action("shop.talk", {
  ...duplex,
  async *run(_input, { incoming }) {
    for await (const message of incoming) {
      exactly<{ text: string; limit: number; since?: string | undefined }>().is(message);
      yield { id: "", price: { cents: message.limit } };
    }
  },
});
const talkContract = action("shop.talk-contract", duplex);
export const talked = implement(talkContract, async function* (_input, { incoming }) {
  for await (const message of incoming) {
    exactly<{ text: string; limit: number; since?: string | undefined }>().is(message);
    yield { id: "", price: { cents: message.limit } };
  }
});
