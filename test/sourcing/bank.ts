import { command, decider, event, eventStream, fail, fault, module, projection, signedIn } from "plimsoll";
import { type TestAppSpec, type TestDatabase, testActor, testApp } from "plimsoll/testing";
import { z } from "zod";

// A bank whose accounts are streams of events.

export const AccountClosed = fault("account_closed", { code: "failed_precondition", message: "The account is closed." });
export const Overdrawn = fault("overdrawn", {
  code: "failed_precondition",
  details: z.object({ cents: z.int() }),
  message: ({ cents }) => `The account has ${cents} cents only.`,
});

export const opened = event("bank.opened", { data: z.object({ account: z.string(), owner: z.string() }), key: ({ account }) => account });
/** Its first version had an amount in whole units. */
export const deposited = event("bank.deposited", {
  version: 2,
  data: z.object({ account: z.string(), cents: z.int(), note: z.string().default("") }),
  key: ({ account }) => account,
  upcast: { 1: ({ account, amount }: { account: string; amount: number }) => ({ account, cents: amount * 100 }) },
});
export const withdrawn = event("bank.withdrawn", {
  data: z.object({ account: z.string(), cents: z.int() }),
  key: ({ account }) => account,
});

interface Account {
  readonly owner: string | undefined;
  readonly cents: number;
}

export type AccountCommand =
  | { readonly kind: "open"; readonly account: string; readonly owner: string }
  | { readonly kind: "deposit" | "withdraw"; readonly account: string; readonly cents: number };

export const account = decider({
  events: [opened, deposited, withdrawn],
  initial: { owner: undefined, cents: 0 } as Account,
  decide(asked: AccountCommand, { owner, cents }) {
    if (asked.kind === "open")
      return owner === undefined ? [{ name: "bank.opened", data: { account: asked.account, owner: asked.owner } }] : [];
    if (owner === undefined) return fail(AccountClosed, {});
    const data = { account: asked.account, cents: asked.cents };
    if (asked.cents === 13) throw new RangeError("unlucky");
    if (asked.kind === "deposit") return [{ name: "bank.deposited", data }];
    return cents < asked.cents ? fail(Overdrawn, { cents }) : [{ name: "bank.withdrawn", data }];
  },
  evolve(state, { name, data }) {
    if (name === "bank.opened") return { ...state, owner: data.owner };
    return { ...state, cents: state.cents + (name === "bank.deposited" ? data.cents : -data.cents) };
  },
});

export const accounts = eventStream("bank.account", { decider: account });
export const savings = eventStream("bank.savings", { decider: account, snapshot: { every: 5 } });

const online = { access: signedIn(), budget: "20s" } as const;
const streams = [accounts, savings] as const;
export const Moved = z.object({ cents: z.int(), version: z.int(), attempts: z.int() });
/** What a test has happen between the decision and the commit. */
export const between: { work: (() => Promise<unknown>) | undefined; attempts: number } = { work: undefined, attempts: 0 };

export const act = command("bank.act", {
  ...{ ...online, idempotent: "key", streams, faults: [AccountClosed, Overdrawn] },
  input: z.object({
    kind: z.enum(["open", "deposit", "withdraw"]),
    account: z.string(),
    cents: z.int().default(0),
    of: z.enum(["accounts", "savings"]).default("accounts"),
    /** Whether its transaction has an id before it reads. */
    early: z.boolean().default(false),
  }),
  output: Moved,
  async run({ kind, account: id, cents, of, early }, { stream, actor, sql }) {
    between.attempts++;
    const meanwhile = async () => {
      const { work } = between;
      between.work = undefined;
      await work?.();
    };
    if (early) {
      await sql`select pg_current_xact_id()`.one();
      await meanwhile();
    }
    const opening = stream(of === "savings" ? savings : accounts, id);
    const asked: AccountCommand = kind === "open" ? { kind, account: id, owner: actor.id } : { kind, account: id, cents };
    const { state, version } = await opening.decide(asked);
    await meanwhile();
    return { cents: state.cents, version, attempts: between.attempts };
  },
});

/** Moves money between two streams, with an attempt that may be undone. */
export const transfer = command("bank.transfer", {
  ...{ ...online, idempotent: "no", streams, faults: [AccountClosed, Overdrawn] },
  input: z.object({ from: z.string(), to: z.string(), cents: z.int(), bonus: z.boolean().default(false) }),
  output: z.object({ from: z.int(), to: z.int() }),
  async run({ from, to, cents, bonus }, { stream, attempt, call }) {
    await stream(accounts, from).decide({ kind: "withdraw", account: from, cents });
    await stream(accounts, to).decide({ kind: "deposit", account: to, cents });
    if (bonus)
      await attempt(async () => {
        await stream(accounts, to).decide({ kind: "deposit", account: to, cents: 1_000_000 });
        throw new RangeError("undone");
      }).catch(() => undefined);
    await call(act, { kind: "deposit", account: to, cents: 1 });
    return { from: (await stream(accounts, from).load()).state.cents, to: (await stream(accounts, to).load()).state.cents };
  },
});

/** Begins a stream without a look at it. */
export const begin = command("bank.begin", {
  ...{ ...online, idempotent: "no", streams },
  input: z.object({ account: z.string(), at: z.int().default(0), owner: z.string().default("ann") }),
  output: z.object({}),
  async run({ account: id, at, owner }, { stream }) {
    stream(accounts, id).append([{ name: "bank.opened", data: { account: id, owner } }], { version: at });
    return {};
  },
});

/** What a test has a projection do in the place of its own work. */
export const broken: { on: ((cents: number) => void) | undefined } = { on: undefined };

export const balances = projection("bank.balances", {
  on: [opened, deposited, withdrawn],
  table: "bank.balances",
  row: z.object({ account: z.string(), owner: z.string(), totalCents: z.int(), changedAt: z.iso.datetime({ offset: true }) }),
  key: "account",
  apply(row, { name, data, recordedAt }) {
    const changedAt = recordedAt.toISOString();
    if (name === "bank.opened") return { account: data.account, owner: data.owner, totalCents: row?.totalCents ?? 0, changedAt };
    broken.on?.(data.cents);
    const cents = name === "bank.deposited" ? data.cents : -data.cents;
    // An account that is empty again has no row.
    const totalCents = (row?.totalCents ?? 0) + cents;
    return totalCents === 0 ? undefined : { account: data.account, owner: row?.owner ?? "unknown", totalCents, changedAt };
  },
});

/** Of all tenants, by another key than that of the event. */
export const owners = projection("bank.owners", {
  on: [opened],
  table: "bank.owners",
  row: z.object({ owner: z.string(), accounts: z.int() }),
  key: "owner",
  of: ({ data }) => data.owner,
  apply: (row, { data: { owner } }) => ({ owner, accounts: (row?.accounts ?? 0) + 1 }),
});

export const bank = module("bank", {
  schema: "bank",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [act, transfer, begin],
  events: [opened, deposited, withdrawn],
  streams: [accounts, savings],
  projections: [balances, owners],
});

export const ann = testActor({ id: "ann", tenant: "acme" });
export const bob = testActor({ id: "bob", tenant: "globex" });
export const bankApp = (database: TestDatabase, spec: Partial<TestAppSpec> = {}) =>
  testApp({ modules: [bank], database, actor: ann, ...spec });
