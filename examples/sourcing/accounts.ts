// Accounts whose state is the history of their events. Run it with: node --conditions=source examples/sourcing/accounts.ts
import { command, createApp, decider, event, eventStream, fail, fault, module, projection } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

export const Overdrawn = fault("overdrawn", {
  code: "failed_precondition",
  details: z.object({ cents: z.int() }),
  message: ({ cents }) => `The account has ${cents} cents only.`,
});

const Amount = z.object({ account: z.string(), cents: z.int().positive() });
export const deposited = event("bank.deposited", { data: Amount, key: ({ account }) => account });
export const withdrawn = event("bank.withdrawn", { data: Amount, key: ({ account }) => account });

type AccountCommand = { readonly kind: "deposit" | "withdraw"; readonly account: string; readonly cents: number };

export const account = decider({
  events: [deposited, withdrawn],
  initial: { cents: 0 },
  decide({ kind, ...amount }: AccountCommand, { cents }) {
    if (kind === "deposit") return [{ name: "bank.deposited", data: amount }];
    return cents < amount.cents ? fail(Overdrawn, { cents }) : [{ name: "bank.withdrawn", data: amount }];
  },
  evolve: ({ cents }, { name, data }) => ({ cents: name === "bank.deposited" ? cents + data.cents : cents - data.cents }),
});

export const accounts = eventStream("bank.account", { decider: account, snapshot: { every: 100 } });

export const move = command("bank.move", {
  input: Amount.extend({ kind: z.enum(["deposit", "withdraw"]) }),
  output: z.object({ cents: z.int() }),
  faults: [Overdrawn],
  access: "public",
  idempotent: "no",
  budget: "1s",
  streams: [accounts],
  async run(asked, { stream }) {
    const { state } = await stream(accounts, asked.account).decide(asked);
    return { cents: state.cents };
  },
});

export const balances = projection("bank.balances", {
  on: [deposited, withdrawn],
  table: "bank.balances",
  row: z.object({ account: z.string(), totalCents: z.int() }),
  key: "account",
  apply(row, { name, data: { account: of, cents } }) {
    const totalCents = (row?.totalCents ?? 0) + (name === "bank.deposited" ? cents : -cents);
    return { account: of, totalCents };
  },
});

export const bank = module("bank", {
  schema: "bank",
  migrations: new URL("./bank/", import.meta.url),
  operations: [move],
  events: [deposited, withdrawn],
  streams: [accounts],
  projections: [balances],
});

if (import.meta.main) {
  const app = createApp({ modules: [bank], database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }) });
  await app.start();
  const projected = app.events.signals.projected.next();
  const ada = `ada-${Date.now()}`;
  await app.call(move, { kind: "deposit", account: ada, cents: 500 });
  const { cents } = await app.call(move, { kind: "withdraw", account: ada, cents: 200 });
  console.log(`${cents} cents are left`);
  await app.call(move, { kind: "withdraw", account: ada, cents: 1_000 }).catch((refused: Error) => console.log(refused.message));
  await projected;
  const [reading] = await app.events.projections.list();
  console.log(`${reading?.name}: ${reading?.skipped} skipped`);
  await app.stop();
}
