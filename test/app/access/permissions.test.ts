import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Actor, action, anonymous, createApp, module, permission, type role } from "plimsoll";
import { accessTable } from "plimsoll/testing";
import { z } from "zod";

const does = (name: string, access: ReturnType<typeof role>) =>
  action(`t.${name}`, {
    ...{ input: z.object({}), output: z.object({}), access, idempotent: "natural", budget: "1s" },
    run: async () => ({}),
  });
const refund = does("refund", permission("orders.refund"));
const look = does("look", permission("orders.read", "orders.refund"));
const modules = [module("t", { operations: [refund, look] })];
const user = (...roles: readonly string[]): Actor => ({ ...anonymous, id: "ann", kind: "user", roles });

describe("permissions", () => {
  const app = createApp({ modules, permissions: { support: ["orders.read", "orders.refund"], auditor: ["orders.read"] } });

  it("admit actors by what their roles have", async () => {
    await app.start();
    try {
      const outcome = (operation: typeof refund, actor: Actor) =>
        app.call(operation, {}, { actor }).then(
          () => "ok",
          ({ type, message }) => `${type}: ${message}`,
        );
      assert.equal(await outcome(refund, user("support")), "ok");
      assert.equal(await outcome(look, user("auditor")), "ok");
      assert.equal(await outcome(look, user("other", "support")), "ok");
      const denied = "permission_denied: This operation needs the permission orders.refund. Ask an administrator for access.";
      assert.equal(await outcome(refund, user("auditor")), denied);
      assert.equal(await outcome(refund, user("orders.refund", "constructor")), denied, "a role is no permission");
      assert.match(await outcome(refund, anonymous), /^token_missing/);
    } finally {
      await app.stop();
    }
  });

  it("stand in the table of access by role", () => {
    assert.equal(
      accessTable(app),
      [
        "operation  kind    route     anonymous  signed in  auditor  support  access",
        "t.look     action  internal  no         no         yes      yes      permission orders.read or orders.refund",
        "t.refund   action  internal  no         no         no       yes      permission orders.refund",
        "",
      ].join("\n"),
    );
  });

  it("that no role has keep the app from starting, with all other problems", () => {
    const permissions = { support: ["orders.read"], broken: "orders.refund" as unknown as string[] };
    const problems = (createIt: () => unknown): unknown[] => {
      try {
        createIt();
      } catch (error) {
        return (error as { details: { problems: { where: string; field: string }[] } }).details.problems.map(
          ({ where, field }) => `${where}: ${field}`,
        );
      }
      return [];
    };
    const wrong = ["t.look: access", "t.refund: access"];
    assert.deepEqual(problems(() => createApp({ modules, permissions })).toSorted(), ["createApp: permissions.broken", ...wrong]);
    assert.deepEqual(problems(() => createApp({ modules })).toSorted(), ["t.look: access", ...wrong]);
    const internalCallers = permission("orders.read");
    assert.deepEqual(
      problems(() => createApp({ modules: [], internalCallers })),
      ["createApp: internalCallers"],
    );
  });

  it("of one app say nothing of another with the same operations", async () => {
    const other = createApp({ modules, permissions: { boss: ["orders.read", "orders.refund"] } });
    await other.start();
    try {
      await assert.rejects(other.call(refund, {}, { actor: user("support") }), { type: "permission_denied" });
      await other.call(refund, {}, { actor: user("boss") });
    } finally {
      await other.stop();
    }
  });
});
