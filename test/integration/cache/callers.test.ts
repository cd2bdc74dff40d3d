import assert from "node:assert/strict";
import { it } from "node:test";
import { type Actor, claim, createApp, module, query } from "plimsoll";
import { z } from "zod";
import type { CachePer } from "../../../src/operation/cache/spec.ts";
import { testDatabase } from "../../../src/testing/database.ts";

const Seen = z.object({ actor: z.string().nullable(), tenant: z.string().nullable(), scope: z.string().nullable() });

const seen = (per: CachePer | undefined) =>
  query(`t.${per ?? "none"}`, {
    input: z.object({}),
    output: Seen,
    access: "public",
    budget: "10s",
    ...(per && { cache: { ttl: "1h", per } }),
    run: async (_, { sql, tenant }) => ({
      ...(await sql(Seen.pick({ actor: true, tenant: true }))`select plimsoll.actor() as actor, plimsoll.tenant() as tenant`.one()),
      scope: tenant ?? null,
    }),
  });

it("what callers share is read without an actor, and what all share without a tenant", async () => {
  const [none, actor, tenant, all] = [seen(undefined), seen("actor"), seen("tenant"), seen("public")] as const;
  await using database = await testDatabase({ modules: [] });
  const app = createApp({
    modules: [module("t", { operations: [none, actor, tenant, all] })],
    ...{ database, tenancy: claim("tid"), rateLimit: { perSecond: 0 } },
  });
  await app.start();
  try {
    const ann: Actor = { id: "ann", kind: "user", roles: [], tenant: "acme", claims: { tid: "acme" } };
    const own = { actor: "ann", tenant: "acme", scope: "acme" };
    assert.deepEqual(await app.call(none, {}, { actor: ann }), own);
    assert.deepEqual(await app.call(actor, {}, { actor: ann }), own);
    assert.deepEqual(await app.call(tenant, {}, { actor: ann }), { ...own, actor: null });
    assert.deepEqual(await app.call(all, {}, { actor: ann }), { actor: null, tenant: null, scope: null });
  } finally {
    await app.stop();
  }
});
