import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { action, authenticator, badCredential, module, role } from "plimsoll";
import { http } from "plimsoll/http";
import { authenticationConformance, testApp } from "plimsoll/testing";
import { z } from "zod";
import { sign, signedHeader } from "./signed-header.ts";

const key = "a key of the toy";
const good = `Toy ann:${sign(key, "ann")}`;

describe("a toy scheme", () => {
  const bad = [`Toy bob:${sign(key, "ann")}`, "Toy ann:", "Toy "];
  const sample = { authenticator: signedHeader(key), good: { header: good, actorId: "ann" }, bad };
  for (const { name, run } of authenticationConformance(sample)) it(name, run);

  it("fails its conformance suite if it admits every caller", async () => {
    const careless = {
      ...signedHeader(key),
      authenticate: () => ({ id: "ann", kind: "user", roles: [], tenant: undefined, claims: {} }) as const,
    };
    const failed: string[] = [];
    for (const { name, run } of authenticationConformance({ ...sample, authenticator: careless }))
      await run().catch(() => failed.push(name));
    assert.deepEqual(failed, ["refuses bad credentials as unauthenticated, and never remembers them"]);
  });
});

describe("bearer, the first scheme,", () => {
  const known = { id: "ann", kind: "user", roles: [], tenant: undefined, claims: {} } as const;
  const own = authenticator({ authenticate: (token) => (token === "good" ? known : badCredential("It is unknown.")) });
  for (const { name, run } of authenticationConformance({
    authenticator: own,
    good: { header: "Bearer good", actorId: "ann" },
    bad: ["Bearer bad", "bearer  bad"],
  }))
    it(name, run);
});

it("a toy scheme owns refusal, challenge and document of an app over HTTP", async () => {
  const open = action("desk.open", {
    ...{ input: z.object({}), output: z.object({ by: z.string() }), access: role("clerk"), idempotent: "no", budget: "1s" },
    http: "POST /open",
    run: async (_input, { actor }) => ({ by: actor.id }),
  });
  const surfaces = [http({ port: false, documents: true })];
  await using app = await testApp({ modules: [module("desk", { operations: [open] })], authentication: signedHeader(key), surfaces });
  const send = (headers: Record<string, string>) => app.app.fetch(new Request("http://test/open", { method: "POST", headers }));
  assert.deepEqual(await (await send({ authorization: good })).json(), { by: "ann" });
  const cases: readonly [Record<string, string>, string][] = [
    [{}, "signature_missing"],
    [{ authorization: "Bearer x" }, "signature_invalid"],
    [{ authorization: "Toy bob:00" }, "token_invalid"],
  ];
  for (const [headers, type] of cases) {
    const refused = await send(headers);
    assert.deepEqual([refused.status, refused.headers.get("www-authenticate")], [401, `Toy error="${type}"`]);
  }
  const document = (await (await app.app.fetch(new Request("http://test/openapi.json"))).json()) as {
    components: { securitySchemes: Record<string, { scheme: string }> };
    paths: Record<string, { post: { security: unknown } }>;
  };
  assert.deepEqual(
    Object.entries(document.components.securitySchemes).map(([name, { scheme }]) => [name, scheme]),
    [["toy", "toy"]],
  );
  assert.deepEqual(document.paths["/open"]!.post.security, [{ toy: [] }]);
});
