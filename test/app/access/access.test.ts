import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { type AccessMatrix, accessMatrix } from "../../../src/app/access/matrix.ts";
import { createApp, runtimeOf } from "../../../src/app/app.ts";
import { Fault } from "../../../src/core/fault.ts";
import { http } from "../../../src/http/http.ts";
import { type Access, role, rule, signedIn } from "../../../src/operation/access.ts";
import { type Actor, anonymous } from "../../../src/operation/actor.ts";
import { task } from "../../../src/operation/durable/task.ts";
import { module } from "../../../src/operation/module.ts";
import { action } from "../../../src/operation/online/action.ts";
import { query } from "../../../src/operation/online/query.ts";
import { accessTable } from "../../../src/testing/access-table.ts";

const nothing = { input: z.object({}), output: z.object({}) };
const does = (name: string, access: Access, route?: `POST /${string}`) =>
  action(`t.${name}`, { ...nothing, access, idempotent: "natural", budget: "1s", ...(route && { http: route }), run: async () => ({}) });

const declared = {
  open: does("open", "public", "POST /open"),
  member: does("member", signedIn(), "POST /member"),
  clerk: does("clerk", role("clerk")),
  both: does("both", role("admin", "clerk"), "POST /both"),
  own: query("t.own", { ...nothing, access: role("clerk"), budget: "1s", owns: async () => true, run: async () => ({}) }),
  verified: does(
    "verified",
    rule("a verified\naddress", ({ claims }) => claims.verified === true),
  ),
};
const work = task("t.work", { input: z.object({}), budget: "1s", run: async () => undefined });
const app = createApp({ modules: [module("t", { operations: [...Object.values(declared), work] })], surfaces: [http({ port: false })] });
const matrix = accessMatrix(runtimeOf(app).registry.operations.values());
const rowOf = (name: string) => matrix.operations.find(({ operation }) => operation === `t.${name}`) ?? assert.fail(name);

describe("the matrix of access", () => {
  for (const [name, expected] of Object.entries({
    open: ["yes", "yes", "yes", "yes"],
    member: ["no", "yes", "yes", "yes"],
    clerk: ["no", "no", "no", "yes"],
    both: ["no", "no", "yes", "yes"],
    own: ["no", "no", "no", "own"],
    verified: ["rule", "rule", "rule", "rule"],
  }))
    it(`says of ${name}: ${expected.join(", ")}`, () => {
      const { anonymous: stranger, signedIn: member, byRole } = rowOf(name);
      assert.deepEqual([stranger, member, byRole.admin, byRole.clerk], expected);
    });

  it("lists every operation that a caller can run, by name, and no durable work", () => {
    assert.deepEqual(
      matrix.operations.map(({ operation }) => operation),
      ["t.both", "t.clerk", "t.member", "t.open", "t.own", "t.verified"],
    );
    assert.deepEqual([rowOf("open").route, rowOf("clerk").route], ["POST /open", undefined]);
  });

  it("says what the pipeline does, for every caller whose permission it knows", async () => {
    // Without its task, which needs a database.
    const started = createApp({ modules: [module("t", { operations: Object.values(declared) })] });
    await started.start();
    const user = (...roles: readonly string[]): Actor => ({ ...anonymous, id: "ann", kind: "user", roles });
    const callers = { anonymous, member: user(), admin: user("admin"), clerk: user("clerk") };
    for (const name of ["open", "member", "clerk", "both"] as const)
      for (const [caller, actor] of Object.entries(callers)) {
        const { anonymous: stranger, signedIn: member, byRole } = rowOf(name);
        const said = { anonymous: stranger, member, ...byRole }[caller];
        const code = await started.call(declared[name], {}, { actor }).then(
          () => "yes",
          (fault) => (fault instanceof Fault && ["permission_denied", "unauthenticated"].includes(fault.code) ? "no" : fault),
        );
        assert.equal(code, said, `${name} by ${caller}`);
      }
    await started.stop();
  });

  it("is a table with a line for each operation, whatever a description holds", () => {
    const lines = accessTable(app).trimEnd().split("\n");
    assert.equal(lines.length, 7);
    assert.match(lines[0] ?? "", /^operation +kind +route +anonymous +signed in +admin +clerk +access$/);
    assert.match(lines[6] ?? "", /^t\.verified +action +internal +rule +rule +rule +rule +a verified address$/);
  });
});

it("GET /access of the ops port shows it, as JSON, and to people as a table", async () => {
  const served = createApp({ modules: [module("t", { operations: [declared.open, declared.clerk] })], ops: { port: 0 } });
  await served.start();
  const ask = (path: string, init?: RequestInit) => fetch(`${served.urls.ops}${path}`, init);
  const { roles, operations } = (await (await ask("/access")).json()) as AccessMatrix;
  assert.deepEqual([roles, operations.map(({ operation }) => operation)], [["clerk"], ["t.clerk", "t.open"]]);
  const page = await ask("/access", { headers: { accept: "text/html,*/*" } });
  assert.equal(await page.text(), accessTable(served));
  assert.equal((await ask("/access", { method: "POST" })).status, 405);
  assert.equal((await ask("/access/t.open")).status, 404);
  await served.stop();
});
