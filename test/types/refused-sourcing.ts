// What the compiler must refuse of event sourcing; as in refused.ts.
import { command, decider, event, eventStream, implement, module, projection, query } from "plimsoll";
import { z } from "zod";

const opened = event("bank.opened", { data: z.object({ owner: z.string() }), key: ({ owner }) => owner });
const deposited = event("bank.deposited", { data: z.object({ cents: z.int() }), key: () => "a" });
type Deposit = { readonly cents: number };

const account = decider({
  events: [opened, deposited],
  initial: { cents: 0 },
  decide: ({ cents }: Deposit, _state) => [{ name: "bank.deposited", data: { cents } }],
  evolve: (state, event) => (event.name === "bank.deposited" ? { cents: state.cents + event.data.cents } : state),
});
const accounts = eventStream("bank.account", { decider: account });
const savings = eventStream("bank.savings", { decider: account });

decider({
  events: [deposited],
  initial: { cents: 0 },
  // @ts-expect-error an event that the decider does not list | bank.opened
  decide: (_command: Deposit) => [{ name: "bank.opened", data: { owner: "a" } }],
  evolve: (state) => state,
});
decider({
  events: [opened, deposited],
  initial: { cents: 0 },
  // @ts-expect-error data of another event | owner
  decide: (_command: Deposit) => [{ name: "bank.opened", data: { cents: 1 } }],
  evolve: (state) => state,
});
decider({
  events: [opened, deposited],
  initial: { cents: 0 },
  decide: (_command: Deposit) => [],
  // @ts-expect-error a name that no event has | no overlap
  evolve: (state, event) => (event.name === "bank.closed" ? state : state),
});
decider({
  events: [opened, deposited],
  initial: { cents: 0 },
  decide: (_command: Deposit) => [],
  // @ts-expect-error data that only one of the events has | Property 'cents' does not exist
  evolve: (_state, event) => ({ cents: event.data.cents }),
});

const shared = { input: z.object({}), output: z.object({}), access: "public", budget: "1s" } as const;
export const acts = command("bank.act", {
  ...{ ...shared, idempotent: "no", streams: [accounts] },
  async run(_input, { stream }) {
    const { state } = await stream(accounts, "a").decide({ cents: 1 });
    // @ts-expect-error the state is that of the decider | Property 'owner' does not exist
    String(state.owner);
    // @ts-expect-error a command that the decider does not take | string
    await stream(accounts, "a").decide({ cents: "1" });
    // @ts-expect-error streams that the command does not list | list it in the command's streams
    stream(savings, "a");
    // @ts-expect-error an append says behind which version | Expected 2 arguments
    stream(accounts, "a").append([{ name: "bank.opened", data: { owner: "a" } }]);
    return {};
  },
});

export const silent = command("bank.silent", {
  ...{ ...shared, idempotent: "no" },
  async run(_input, { stream }) {
    // @ts-expect-error a command that lists no streams opens none | list it in the command's streams
    stream(accounts, "a");
    return {};
  },
});

const contract = command("bank.contract", { ...shared, idempotent: "no", streams: [accounts] });
export const implemented = implement(contract, async (_input, { stream }) => {
  await stream(accounts, "a").decide({ cents: 1 });
  // @ts-expect-error a contract says what its handler opens | list it in the command's streams
  stream(savings, "a");
  return {};
});

export const looked = query("bank.look", {
  ...shared,
  // @ts-expect-error a query opens no stream | stream
  async run(_input, { stream }) {
    stream(accounts, "a");
    return {};
  },
});

const row = z.object({ account: z.string(), cents: z.int() });
const table = { on: [deposited], table: "bank.totals", row, key: "account" } as const;
export const totals = projection("bank.totals", { ...table, apply: (before, { key }) => ({ account: key, cents: before?.cents ?? 0 }) });
projection("bank.nameless", {
  ...table,
  // @ts-expect-error a table is of the schema of a module | `${string}.${string}`
  table: "totals",
  apply: () => undefined,
});
projection("bank.keyless", {
  ...table,
  // @ts-expect-error a key that the row does not have | "account" | "cents"
  key: "owner",
  apply: () => undefined,
});
projection("bank.short", {
  ...table,
  // @ts-expect-error a row that lacks a field | cents
  apply: (_row, { key }) => ({ account: key }),
});
projection("bank.late", {
  ...table,
  // @ts-expect-error a promise is not a row | Promise
  apply: async () => ({ account: "a", cents: 1 }),
});
projection("bank.foreign", {
  ...table,
  // @ts-expect-error data that none of its events has | Property 'owner' does not exist
  apply: (_row, { key, data }) => ({ account: key, cents: data.owner }),
});
projection("bank.rows", {
  ...table,
  // @ts-expect-error the row of an event is named by a text | number
  of: ({ data }) => data.cents,
  apply: () => undefined,
});
// @ts-expect-error a stream is not a projection | Projection<
module("bank", { operations: [], projections: [accounts] });

query("bank.total", {
  ...shared,
  // @ts-expect-error a query reads projections, and a stream is none | Projection<
  reads: [accounts],
});
query("bank.soon", {
  ...{ ...shared, reads: [totals] },
  // @ts-expect-error a staleness that is no duration | write milliseconds, or a number with ms, s, m, h or d
  staleness: "soon",
});
command("bank.reads", {
  ...{ ...shared, idempotent: "no" },
  // @ts-expect-error a command decides by what is in its transaction | reads
  reads: [totals],
  run: async () => ({}),
});
