import { command, event, module, projection, saga, signedIn, subscription, task } from "plimsoll";
import { webhook } from "plimsoll/webhooks";
import { z } from "zod";
import { type Sender, senders } from "../signers.ts";

// A sender tells of invoices of several tenants, which one signed message each names.

const Invoice = z.object({ invoice: z.string(), cents: z.int() });
export const paid = event("desk.paid", { data: Invoice, key: ({ invoice }) => invoice });
const { standard } = senders as { standard: Sender };

const note = command("desk.note", {
  ...{
    input: z.object({ by: z.string(), invoice: z.string() }),
    output: z.object({}),
    access: "public",
    idempotent: "natural",
    budget: "5s",
  },
  run: async ({ by, invoice }, { sql }) => {
    await sql`insert into desk.notes (by, invoice) values (${by}, ${invoice})`.run();
    return {};
  },
});
const onPaid = subscription("desk.on-paid", {
  ...{ on: [paid], from: "beginning", budget: "5s" },
  run: ({ invoice }, { commit, tenant }) =>
    commit(({ call }) => call(note, { by: `subscription of ${tenant}`, invoice })).then(() => undefined),
});
export const settles = saga("desk.settles", {
  ...{ input: z.object({ invoice: z.string() }), budget: "1h" },
  async run({ invoice }, { waitFor, call, tenant }) {
    const seen = await waitFor(paid, { where: { invoice } });
    await call("note", note, { by: `saga of ${tenant}, ${seen?.cents}`, invoice });
  },
});
const keep = task("desk.keep", {
  ...{ input: Invoice, budget: "5s", unique: { for: "7d" } },
  run: ({ invoice }, { commit, tenant }) => commit(({ call }) => call(note, { by: `task of ${tenant}`, invoice })).then(() => undefined),
});
const totals = projection("desk.totals", {
  ...{ on: [paid], table: "desk.totals", key: "invoice", row: Invoice },
  apply: (row, { data: { invoice, cents } }) => ({ invoice, cents: (row?.cents ?? 0) + cents }),
});

const Message = Invoice.extend({ account: z.string().optional() });
const hook = { scheme: standard.scheme, secrets: [standard.secret] };
const tenantOf = ({ json }: { readonly json: unknown }) => Message.parse(json).account?.replace(/^acct_/, "");
const data = ({ json }: { readonly json: unknown }) => Invoice.parse(json);
const emits = webhook("desk.emits", { ...hook, http: "POST /hooks/emits", event: paid, tenant: tenantOf, data });
const starts = webhook("desk.starts", { ...hook, http: "POST /hooks/starts", starts: keep, tenant: tenantOf, input: data });
/** Declares no tenant. */
const plain = webhook("desk.plain", { ...hook, http: "POST /hooks/plain", event: paid, data });
export const read = command("desk.read", {
  ...{ input: z.object({}), output: z.object({ notes: z.array(z.string()), totals: z.array(z.string()) }), access: signedIn() },
  ...{ idempotent: "natural", budget: "5s" },
  run: async (_, { sql }) => ({
    notes: (await sql<{ by: string; invoice: string }>`select by, invoice from desk.notes order by by, invoice`.many()).map(
      ({ by, invoice }) => `${by}: ${invoice}`,
    ),
    totals: (await sql<{ invoice: string; cents: number }>`select invoice, cents from desk.totals order by invoice`.many()).map(
      ({ invoice, cents }) => `${invoice} ${cents}`,
    ),
  }),
});

export const desk = module("desk", {
  ...{ schema: "desk", migrations: new URL("./migrations/", import.meta.url), events: [paid], projections: [totals] },
  operations: [note, onPaid, settles, keep, emits, starts, plain, read],
});
