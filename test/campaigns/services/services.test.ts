// The short form of `node test/campaigns/services/services.ts`: one file of the shop's suite on four services.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { servicesVariable } from "../../e2e/services/open-services.ts";
import { runFile } from "../../run/process.ts";
import { inOneProcess, leftOut } from "./services.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const killMs = 4 * 60_000;

it("the catalog of the shop is, as four services, what it is in one process", async () => {
  const file = "test/e2e/shop/catalog.test.ts";
  const { passed, failed, failures } = await runFile(file, { killMs, cwd: root, env: { [servicesVariable]: "yes" } });
  assert.equal(failed, 0, failures.join("\n"));
  assert.ok(passed > 0, `${file} ran nothing`);
});

it("what is listed as not on services is there", () => {
  const pathOf = (file: string) => `${root}test/e2e/shop/${file}`;
  for (const file of Object.keys(leftOut)) assert.ok(existsSync(pathOf(file)), file);
  for (const test of Object.keys(inOneProcess)) {
    const [file = "", title = ""] = test.split(" > ");
    assert.ok(readFileSync(pathOf(file), "utf8").includes(`it("${title}"`), test);
  }
});
