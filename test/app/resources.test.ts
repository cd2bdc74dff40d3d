import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { createApp } from "../../src/app/app.ts";
import { LoadLine } from "../../src/core/load-line/load-line.ts";
import { loadLines } from "../../src/core/load-line/load-lines.ts";
import { module } from "../../src/operation/module.ts";
import { action } from "../../src/operation/online/action.ts";
import { override, resource } from "../../src/operation/resource.ts";

describe("a resource without a create() of its own", () => {
  const mailer = resource<{ readonly from: string }>("mailer");
  const sender = action("mail.sender", {
    input: z.object({}),
    output: z.object({ from: z.string() }),
    access: "public",
    idempotent: "natural",
    budget: "1s",
    uses: { mailer },
    run: async (_, { mailer: { from } }) => ({ from }),
  });
  const modules = [module("mail", { operations: [sender] })];

  it("is what the composition root gives", async () => {
    const app = createApp({ modules, provide: [override(mailer, { from: "shop@example.com" })] });
    await app.start();
    assert.deepEqual(await app.call(sender, {}), { from: "shop@example.com" });
    await app.stop();
  });

  it("keeps the app from starting where nothing is given", () =>
    assert.rejects(createApp({ modules }).start(), { type: "resource_missing", message: /"mailer".*provide: \[override\(/ }));
});

it("the limits of a resource are listed among those of the app", async () => {
  const line = new LoadLine({ name: "mailer connections", unit: "connections", declared: 4 });
  const mailer = resource("mailer", { create: () => ({ from: "shop@example.com", [loadLines]: [line] }) });
  const sender = action("mail.sender", {
    ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "natural", budget: "1s", uses: { mailer } },
    run: async () => ({}),
  });
  const app = createApp({ modules: [module("mail", { operations: [sender] })] });
  await app.start();
  assert.equal(app.loadLines.find("mailer connections"), line);
  await app.stop();
});
