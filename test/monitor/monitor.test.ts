import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { runCommand } from "../cli/run-command.ts";
import { folderOf } from "./shop.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const shopFile = here("../../examples/shop/shop.ts");
const appText = `import { action, createApp, module } from "${here("../../src/index.ts")}";
import { z } from "${here("../../node_modules/zod/index.js")}";
const pay = action("bank.pay", { input: z.object({}), output: z.object({}), access: "public", idempotent: "no", budget: "1s", run: async () => ({}) });
export const app = createApp({ service: { name: "bank", version: "1" }, modules: [module("bank", { operations: [pay] })] });
`;

describe("plimsoll monitor", () => {
  it("writes the files of a list of modules, and with --check says whether they are still right", async () => {
    using made = folderOf(new Map());
    const { folder } = made;
    const args = ["monitor", shopFile, "--service", "shop", "--with", "certificates"];
    const wrote = await runCommand(args, { folder });
    assert.equal(wrote.code, 0, wrote.err);
    assert.match(wrote.out, /^Wrote \d+ files into monitor\.\nObjectives: \d+/);
    assert.ok(existsSync(join(folder, "monitor/runbooks/zh/PlimsollCertificateEnds.md")));
    assert.equal((await runCommand([...args, "--check"], { folder })).code, 0);
    appendFileSync(join(folder, "monitor/prometheus/rules/alerts.yaml"), "# by hand\n");
    const checked = await runCommand([...args, "--check", "--json"], { folder });
    assert.equal(checked.code, 1);
    assert.deepEqual(JSON.parse(checked.out).result.differing, ["prometheus/rules/alerts.yaml"]);
  });

  it("takes an app with its name, and speaks Chinese", async () => {
    using made = folderOf(new Map([["app.ts", appText]]));
    const { folder } = made;
    const { code, out, err } = await runCommand(["/监控", "app.ts", "--out", "ops"], { folder });
    assert.equal(code, 0, err);
    assert.match(out, /已在 ops 中写入/);
    const rules = readFileSync(join(folder, "ops/prometheus/rules/objectives.yaml"), "utf8");
    assert.match(rules, /service: bank/);
    assert.match(rules, /operation: bank\.pay/);
    assert.ok(!existsSync(join(folder, "ops/runbooks/en/PlimsollPoolSaturated.md")), "it has no database");
  });

  const wrong: readonly [name: string, args: readonly string[], code: number, message: RegExp][] = [
    ["no file", ["monitor"], 64, /needs the file of an app/],
    ["a file that is not there", ["monitor", "none.ts"], 66, /There is no file none\.ts\. Name the file/],
    ["a file that throws", ["monitor", "throws.ts"], 65, /throws\.ts cannot be loaded: no database/],
    ["a file without an app", ["monitor", "empty.ts"], 65, /exports neither an app nor a list of modules/],
    ["an app that is not valid", ["monitor", "invalid.ts"], 65, /It has migrations but names no schema/],
    ["an unknown part", ["monitor", "empty.ts", "--with", "moon"], 64, /--with moon is not a part/],
    ["a wrong address", ["monitor", "empty.ts", "--page", "pager"], 64, /--page pager is not an http/],
    ["a place that cannot be written", ["monitor", "app.ts", "--out", "empty.ts"], 73, /cannot be written/],
  ];
  for (const [name, args, code, message] of wrong)
    it(`refuses ${name}`, async () => {
      using made = folderOf(new Map([["app.ts", appText]]));
      const { folder } = made;
      writeFileSync(join(folder, "throws.ts"), 'throw new Error("no database");\n');
      writeFileSync(join(folder, "empty.ts"), "export const nothing = 1;\n");
      writeFileSync(
        join(folder, "invalid.ts"),
        'export const modules = [{ kind: "module", name: "a", operations: [], migrations: new URL("file:///x") }];\n',
      );
      const ran = await runCommand(args, { folder });
      assert.equal(ran.code, code, ran.err);
      assert.match(ran.err, message);
    });
});
