// Refunds that leave a record, which no person can change unseen. Run it with: node --conditions=source examples/audit/refunds.ts
import { randomBytes } from "node:crypto";
import { command, createApp, module, role, secret } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

const Refund = z.object({ cents: z.int(), iban: secret(z.string()) });

export const refund = command("billing.refund", {
  input: z.object({ invoice: z.string(), cents: z.int().max(50_000), iban: secret(z.string()) }),
  output: z.object({}),
  access: role("support"),
  idempotent: "natural",
  budget: "1s",
  audit: {
    subject: ({ invoice }) => invoice,
    input: true,
    state: {
      schema: Refund,
      read: ({ invoice }, { sql }) => sql`select cents, iban from billing.refunds where invoice = ${invoice}`.maybe(),
    },
  },
  async run({ invoice, cents, iban }, { sql }) {
    await sql`
      insert into billing.refunds (invoice, cents, iban) values (${invoice}, ${cents}, ${iban})
      on conflict (invoice) do update set cents = excluded.cents, iban = excluded.iban`.run();
    return {};
  },
});

const billing = module("billing", { schema: "billing", migrations: new URL("./billing/", import.meta.url), operations: [refund] });

if (import.meta.main) {
  const app = createApp({
    modules: [billing],
    database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
    // A secret that the database does not have. The records of one run are verified with the key of that run.
    audit: { key: process.env.AUDIT_KEY ?? randomBytes(48).toString("base64") },
  });
  await app.start();
  const actor = { id: "ada", kind: "user", roles: ["support"], tenant: undefined, claims: {} } as const;
  const invoice = `in_${Date.now()}`;
  const iban = "DE02120300000000202051";
  await app.call(refund, { invoice, cents: 1_200, iban }, { actor });
  await app.call(refund, { invoice, cents: 1_500, iban }, { actor });
  await app.call(refund, { invoice, cents: 90_000, iban }, { actor }).catch(() => undefined);
  await app.audit.chainNow();
  const records = await app.audit.records({ operation: "billing.refund", limit: 3 });
  for (const { actor: who, outcome, fault, before, after } of records.toReversed())
    console.log(who, outcome, outcome === "ok" ? `${before} -> ${after}` : fault);
  const verdict = await app.audit.verify();
  console.log(`problems: ${verdict.problems.filter(({ kind }) => kind !== "key").length}`);
  await app.stop();
}
