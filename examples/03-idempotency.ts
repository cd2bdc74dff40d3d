// The same request twice is one request. Run it with: node --conditions=source examples/03-idempotency.ts
import { type Actor, command, createApp, module, role } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

export const donate = command("charity.donate", {
  input: z.object({ cents: z.int().min(1) }),
  output: z.object({ totalCents: z.int() }),
  access: role("donor"),
  // The record of the key commits with the money, or neither does.
  idempotent: "key",
  budget: "1s",
  async run({ cents }, { sql, actor, newId }) {
    await sql`insert into charity.donations (id, donor, cents) values (${newId()}, ${actor.id}, ${cents})`.run();
    return sql<{ totalCents: number }>`select sum(cents) as total_cents from charity.donations where donor = ${actor.id}`.one();
  },
});

export const charity = module("charity", {
  schema: "charity",
  migrations: new URL("./03-idempotency/", import.meta.url),
  operations: [donate],
});

if (import.meta.main) {
  const app = createApp({ modules: [charity], database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }) });
  await app.start();
  const actor: Actor = { id: crypto.randomUUID(), kind: "user", roles: ["donor"], tenant: undefined, claims: {} };
  const key = crypto.randomUUID();
  const first = await app.call(donate, { cents: 500 }, { actor, key });
  // The answer was lost on its way, so the client asks again; it cannot know whether it had happened, and need not.
  const again = await app.call(donate, { cents: 500 }, { actor, key });
  console.log(`given ${first.totalCents}, asked again: given ${again.totalCents}`);
  await app.call(donate, { cents: 700 }, { actor, key }).catch(({ message }) => console.log(`another gift: ${message}`));
  const another = await app.call(donate, { cents: 700 }, { actor, key: crypto.randomUUID() });
  console.log(`with a key of its own: given ${another.totalCents}`);
  await app.stop();
}
