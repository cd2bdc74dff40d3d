import assert from "node:assert/strict";
import { it } from "node:test";
import { action, fault, module, resource } from "plimsoll";
import { http } from "plimsoll/http";
import { testApp } from "plimsoll/testing";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";
import { scopeMembers } from "../../src/pipeline/registry/scope-members.ts";
import { RunningScope } from "../../src/pipeline/run/running-scope.ts";

const Gone = fault("gone", { code: "not_found", message: "It is gone." });
const tool = resource("tool", { create: () => ({ use: (name: string) => name.length }) });
const input = z.object({ name: z.string().max(20) });
const access = "public";
const use = action("fixed.use", {
  ...{ input, output: z.object({ length: z.int() }), access, idempotent: "no", budget: "1s", uses: { tool }, faults: [Gone] },
  http: { route: "POST /use", etag: ({ length }) => length },
  run: async ({ name }, scope) => (name === "gone" ? scope.fail(Gone, {}) : { length: scope.tool.use(name) }),
});
const fails = action("fixed.fail", {
  ...{ input, output: z.object({}), access, idempotent: "no", budget: "20ms" },
  run: (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
});

it("the registry does not change while the app runs, whatever its operations do", async () => {
  await using app = await testApp({ modules: [module("fixed", { operations: [use, fails] })], surfaces: [http({ port: false })] });
  const { operations, byContract, resources } = runtimeOf(app.app).registry;
  const all = [...operations];
  // A write to what is frozen throws, and with it the execution fails.
  for (const [, compiled] of all)
    for (const part of [compiled, compiled.limits, compiled.traits, compiled.uses, compiled.operation, compiled.operation.spec])
      Object.freeze(part);
  const before = [new Map(operations), new Map(byContract), [...resources]];
  assert.deepEqual(await app.call(use, { name: "abc" }), { length: 3 });
  await assert.rejects(app.call(use, { name: "gone" }), { code: "not_found", type: "gone" });
  await assert.rejects(app.call(use, { name: "much longer than it may be" }), { code: "invalid_argument" });
  await assert.rejects(app.call(fails, { name: "" }), { code: "deadline_exceeded" });
  const headers = { "content-type": "application/json" };
  const send = (name: string) => app.app.fetch(new Request("http://test/use", { method: "POST", headers, body: JSON.stringify({ name }) }));
  const [good, gone] = [await send("abc"), await send("gone")];
  assert.deepEqual([good.status, good.headers.get("etag"), gone.status], [200, '"3"', 404]);
  assert.deepEqual([operations, byContract, resources], before);
});

for (const alias of ["signal", "upstream", "run"])
  it(`refuses a resource under the name ${alias}, which the scope of a handler has already`, async () => {
    const takes = action("fixed.take", {
      ...{ input, output: z.object({}), access, idempotent: "no", budget: "1s", uses: { [alias]: tool } },
      run: async () => ({}),
    });
    await assert.rejects(testApp({ modules: [module("fixed", { operations: [takes] })] }), (error: Error) =>
      error.message.includes(`The scope of a handler has its own "${alias}". Give the resource another name here.`),
    );
  });

it("knows all names that the scope of a handler has", () => {
  const missing = Object.getOwnPropertyNames(RunningScope.prototype).filter((name) => !scopeMembers.has(name));
  assert.deepEqual(missing, []);
});
