// Card numbers that the database never has in clear. Run it with: node --conditions=source examples/vault/cards.ts
import { command, createApp, event, module, personal, query, secret } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { environmentKeys, eraseSubject, lastShown, vault, vaultField } from "plimsoll/vault";
import { z } from "zod";

const number = vaultField("cards.number", { display: lastShown() });
const holder = vaultField("cards.holder");

const cardAdded = event("cards.added", {
  data: z.object({ cardId: z.uuid(), customer: z.string(), email: personal(z.email().nullable()) }),
  key: ({ cardId }) => cardId,
  subject: ({ customer }) => customer,
});

const addCard = command("cards.add", {
  input: z.object({ customer: z.string(), email: z.email(), holder: z.string(), number: secret(z.string().regex(/^\d{12,19}$/)) }),
  output: z.object({ cardId: z.uuid(), display: z.string() }),
  ...{ access: "public", idempotent: "no", budget: "1s", emits: [cardAdded] },
  async run(input, scope) {
    const cardId = scope.newId();
    // The token stands for the number in tables, tasks, events and logs.
    const { token, display } = await number.tokenize(scope, input.number);
    // Sealed with the key of the customer, for this row alone.
    const sealed = await holder.seal(scope, { id: cardId, subject: input.customer }, input.holder);
    await scope.sql`insert into cards.cards (id, holder, number, shown) values (${cardId}, ${sealed}, ${token}, ${display})`.run();
    scope.emit(cardAdded, { cardId, customer: input.customer, email: input.email });
    return { cardId, display };
  },
});

const chargeDetails = query("cards.charge-details", {
  input: z.object({ cardId: z.uuid() }),
  output: z.object({ holder: secret(z.string()), number: secret(z.string().optional()) }),
  ...{ access: "public", budget: "1s" },
  async run({ cardId }, scope) {
    const row = await scope.sql<{ holder: string; number: string }>`select holder, number from cards.cards where id = ${cardId}`.one();
    return { holder: await holder.open(scope, { id: cardId }, row.holder), number: await number.detokenize(scope, row.number) };
  },
});

const forgetCustomer = command("cards.forget-customer", {
  input: z.object({ customer: z.string() }),
  output: z.object({ keys: z.int() }),
  ...{ access: "public", idempotent: "natural", budget: "1s" },
  run: async ({ customer }, scope) => ({ keys: await eraseSubject(scope, customer) }),
});

const cards = module("cards", {
  schema: "cards",
  migrations: new URL("./cards/", import.meta.url),
  operations: [addCard, chargeDetails, forgetCustomer],
  events: [cardAdded],
});

if (import.meta.main) {
  const app = createApp({
    modules: [cards],
    database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
    // In production it comes from the environment, a file, HashiCorp Vault or AWS KMS, and is drawn at random.
    vault: vault({ keys: environmentKeys({ keys: { "2026": process.env.VAULT_KEY ?? "for this example alone: 7Qz2xW9bLr4K" } }) }),
  });
  await app.start();
  const customer = `ada-${Date.now()}`;
  const { cardId, display } = await app.call(addCard, { customer, email: "ada@example.com", holder: "Ada", number: "4000056655665556" });
  console.log(display);
  console.log(await app.call(chargeDetails, { cardId }));
  // The key of the holder's name, and that of the event.
  console.log(await app.call(forgetCustomer, { customer }));
  await app.call(chargeDetails, { cardId }).catch((fault) => console.log(fault.type));
  await app.stop();
}
