import { action, command, event, fault, module, query, role, secret, signedIn } from "plimsoll";
import { type TestAppSpec, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";

// A module of audited commands.

export const AccountClosed = fault("account_closed", {
  ...{ code: "failed_precondition", details: z.object({}), message: () => "The account is closed. Open another one." },
});

const Ends = z.enum(["commit", "closed", "bug", "conflict", "subject", "large"]).default("commit");
const Move = z.object({ id: z.string(), cents: z.int(), pin: secret(z.string()).default("0000"), ends: Ends });
const Account = z.object({ holder: z.string(), cents: z.int(), pin: secret(z.string()) });
const online = { output: z.object({ cents: z.int() }), budget: "20s" } as const;
export const moved = event("ledger.moved", { data: z.object({ id: z.string() }), key: ({ id }) => id });

let conflicts = 0;

/** Changes an account; the record has its input, and the account before and after. */
export const move = command("ledger.move", {
  ...{ ...online, input: Move, access: role("clerk"), idempotent: "key", faults: [AccountClosed], emits: [moved] },
  audit: {
    subject: ({ id, ends }) => (ends === "subject" ? "" : id),
    input: true,
    state: {
      schema: Account,
      read: ({ id }, { sql }) => sql`select holder, cents, pin, 'not kept' as extra from ledger.accounts where id = ${id}`.maybe(),
    },
  },
  async run({ id, cents, pin, ends }, { sql, emit, fail }) {
    const holder = ends === "large" ? "x".repeat(40_000) : "Ann";
    const account = await sql<{ cents: number }>`
      insert into ledger.accounts (id, holder, pin, cents) values (${id}, ${holder}, ${pin}, ${cents})
      on conflict (tenant_id, id) do update set cents = ledger.accounts.cents + excluded.cents, holder = excluded.holder returning cents`.one();
    emit(moved, { id });
    if (ends === "closed") fail(AccountClosed, {});
    if (ends === "bug") throw new RangeError("asked to fail");
    if (ends === "conflict" && ++conflicts % 2 === 1) await sql`do $$ begin raise exception 'again' using errcode = '40001'; end $$`.run();
    return account;
  },
});

/** Only what was committed is recorded, and nothing beside who, when and what. */
export const touch = command("ledger.touch", {
  ...{ ...online, input: z.object({ fails: z.boolean().default(false) }), access: signedIn(), idempotent: "no" },
  audit: { outcomes: "ok" },
  async run({ fails }) {
    if (fails) throw new RangeError("asked to fail");
    return { cents: 0 };
  },
});

/** Calls audited commands in its transaction, and undoes one of them. */
export const moveTwice = command("ledger.move-twice", {
  ...{ ...online, input: z.object({ from: z.string(), to: z.string() }), access: signedIn(), idempotent: "no" },
  async run({ from, to }, { call, attempt }) {
    await call(move, { id: from, cents: 5 });
    await attempt(() => call(move, { id: "undone", cents: 1, ends: "bug" })).catch(() => undefined);
    await attempt(async () => {
      await call(move, { id: "taken back", cents: 1 });
      throw new RangeError("asked to fail");
    }).catch(() => undefined);
    return call(move, { id: to, cents: 5 });
  },
});

export const moveApart = action("ledger.move-apart", {
  ...{ ...online, input: z.object({ id: z.string(), ends: Ends }), access: signedIn(), idempotent: "no" },
  run: ({ id, ends }, { call }) => call(move, { id, cents: 1, ends }),
});

/** The trail as the module shows it to its tenant. */
export const trail = query("ledger.trail", {
  ...{ input: z.object({ tenant: z.string() }), output: z.object({ subjects: z.array(z.string()) }), access: signedIn(), budget: "20s" },
  async run({ tenant }, { sql }) {
    const rows = await sql<{ subject: string }>`
      select subject from plimsoll.read_audit(${tenant}, null, 'ledger.move', null, null, null, 10)`.many();
    return { subjects: rows.map(({ subject }) => subject) };
  },
});

export const ledger = module("ledger", {
  schema: "ledger",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [move, touch, moveTwice, moveApart, trail],
  events: [moved],
});

export const ann = testActor({ id: "ann", tenant: "acme", roles: ["clerk"] });
export const key = "hJ6/2vQeIu0OeYyQ1n8rZfVbX3T7kM5cAaWpLdGsNiU=";
export const ledgerDatabase = () => testDatabase({ modules: [ledger] });
export const ledgerApp = (database: TestDatabase, spec: Partial<TestAppSpec> = {}) =>
  testApp({ modules: [ledger], database, actor: ann, audit: { key }, ...spec });
