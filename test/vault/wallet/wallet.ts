import { command, event, exponential, module, personal, query, secret, signedIn, subscription } from "plimsoll";
import { type TestAppSpec, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { environmentKeys, eraseSubject, lastShown, type Vault, vault, vaultField } from "plimsoll/vault";
import { z } from "zod";

// A module that seals what it keeps, and emits events about people.

export const iban = vaultField("wallet.iban");
export const card = vaultField("wallet.card", { display: lastShown() });
export const closed = event("wallet.closed", {
  data: z.object({
    owner: z.string(),
    email: personal(z.email().nullable()),
    notes: z.array(z.object({ text: personal(z.string(), { erased: "(erased)" }), at: z.string() })).default([]),
  }),
  key: ({ owner }) => owner,
  subject: ({ owner }) => owner,
});

const online = { access: signedIn(), budget: "20s" } as const;
const Id = z.object({ id: z.string() });

export const open = command("wallet.open", {
  ...{ ...online, idempotent: "key", output: z.object({ token: z.string(), display: z.string() }) },
  input: z.object({ id: z.string(), iban: secret(z.string()), card: secret(z.string()), person: z.string().optional() }),
  async run({ id, iban: number, card: pan, person }, scope) {
    const { token, display } = await card.tokenize(scope, pan);
    // Careless, as handlers are.
    scope.log.info(`opens an account for ${number}`, { number, nested: [{ pan }], id });
    scope.note({ number, shown: `card ${pan}` });
    const sealed = await iban.seal(scope, { id, ...(person !== undefined && { subject: person }) }, number);
    await scope.sql`insert into wallet.accounts (id, iban, card, shown) values (${id}, ${sealed}, ${token}, ${display})`.run();
    return { token, display };
  },
});

interface Row {
  readonly iban: string;
  readonly card: string;
}

export const show = query("wallet.show", {
  ...{ ...online, input: Id, output: z.object({ iban: secret(z.string()), card: secret(z.string()).optional() }) },
  async run({ id }, scope) {
    const row = await scope.sql<Row>`select iban, card from wallet.accounts where id = ${id}`.one();
    return { iban: await iban.open(scope, { id }, row.iban), card: await card.detokenize(scope, row.card) };
  },
});

export const refresh = command("wallet.refresh", {
  ...{ ...online, input: Id, output: z.object({ isNew: z.boolean() }), idempotent: "no" },
  async run({ id }, scope) {
    const { iban: sealed } = await scope.sql<Row>`select iban from wallet.accounts where id = ${id}`.one();
    const again = await iban.reseal(scope, { id }, sealed);
    if (again !== undefined) await scope.sql`update wallet.accounts set iban = ${again} where id = ${id}`.run();
    return { isNew: again !== undefined };
  },
});

export const forget = command("wallet.forget", {
  ...{ ...online, input: Id, output: z.object({ was: z.boolean() }), idempotent: "no" },
  run: async ({ id }, scope) => ({ was: await card.forget(scope, id) }),
});

export const erase = command("wallet.erase", {
  ...{ ...online, input: Id, output: z.object({ keys: z.int() }), idempotent: "no" },
  run: async ({ id }, scope) => ({ keys: await eraseSubject(scope, id) }),
});

export const close = command("wallet.close", {
  ...{ ...online, output: z.object({}), idempotent: "no", emits: [closed] },
  input: z.object({ owner: z.string(), email: z.string(), notes: z.array(z.string()).default([]) }),
  async run({ owner, email, notes }, { emit }) {
    emit(closed, { owner, email, notes: notes.map((text) => ({ text, at: "noon" })) });
    return {};
  },
});

let failures = 0;
/** Handled events fail so often before they are noted. */
export const failNext = (times: number) => {
  failures = times;
};

const reacts = subscription("wallet.on-closed", {
  ...{ on: [closed], from: "beginning", budget: "20s" },
  retry: { attempts: 5, backoff: exponential("1ms", { max: "1ms", jitter: "none" }) },
  async run({ email, notes }, { commit }) {
    if (failures-- > 0) throw new RangeError("asked to fail");
    await commit(({ sql }) => sql`insert into wallet.seen (email, note) values (${email}, ${notes[0]?.text ?? null})`.run());
  },
});

export const wallet = module("wallet", {
  schema: "wallet",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [open, show, refresh, forget, erase, close, reacts],
  events: [closed],
});

export const ann = testActor({ id: "ann", tenant: "acme" });
export const secretOf = { one: "hJ6/2vQeIu0OeYyQ1n8rZfVbX3T7kM5cAaWpLdGsNiU=", two: "Yk2R9dPz7Q4mXw1LbE8sTfHn6JcVaGuO3iKpZxNeSrA=" };
export const walletDatabase = () => testDatabase({ modules: [wallet] });
export const walletVault = (keys: Readonly<Record<string, string>> = { one: secretOf.one }): Vault =>
  vault({ keys: environmentKeys({ keys }) });
export const walletApp = (database: TestDatabase, spec: Partial<TestAppSpec> = {}) =>
  testApp({ modules: [wallet], database, actor: ann, vault: walletVault(), ...spec });
