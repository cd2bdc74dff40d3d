import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import type { Actor, App } from "plimsoll";
import { type CrashDatabase, testActor } from "plimsoll/testing";
import { openShops } from "../../../examples/shop/seed.ts";

/** What a scenario of the shop begins with. */
export interface Open {
  readonly ben: Actor;
  readonly productId: string;
}

/** What each shop of a crash lab is made with: no port, and a secret of its own. */
export const shopSettings = { secret: "a secret of the tests, 32 bytes and more", mailDirectory: tmpdir(), port: 0, opsPort: 0 } as const;

/** Opens the shops, and signs in a customer of one. */
export async function openForBen({ app, database }: { readonly app: App; readonly database: CrashDatabase }): Promise<Open> {
  const { productId } = await openShops(app);
  const [ben] = await database.admin<{ id: string }>(
    "select id from identity.users where tenant_id = 'acme' and email = 'ben@acme.example'",
  );
  assert.ok(productId && ben);
  return { productId, ben: testActor({ id: ben.id, tenant: "acme", roles: ["customer"], claims: { tid: "acme" } }) };
}
