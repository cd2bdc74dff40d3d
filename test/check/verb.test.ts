// `plimsoll check` on folders: what it prints, its exit codes, its configuration, and the shop, in which it finds nothing.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { runCommand } from "../cli/run-command.ts";
import { faults } from "./faults.ts";
import { type Plant, planted } from "./sample.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function folderOf(plant: Plant, config?: string): string {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-check-"));
  folders.push(folder);
  for (const [path, text] of [...planted(plant), ...(config === undefined ? [] : ([["plimsoll.config.ts", config]] as const))]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const plantOf = (what: string) => faults.find(([name]) => name === what)![3];
const sqlFault = plantOf("a join of another schema");
const wayFault = plantOf("a command uses a client through three files");

describe("plimsoll check", () => {
  it("finds nothing in the shop", async () => {
    const { code, out, err } = await runCommand(["check", "examples/shop", "--json"], { folder: root });
    assert.equal(err, "");
    const { result } = JSON.parse(out);
    assert.deepEqual(result.findings, []);
    assert.equal(code, 0);
    assert.ok(result.modules >= 8 && result.sources > 90 && result.operations > 100, JSON.stringify(result));
  });

  it("ends with 0 where nothing breaks a rule", async () => {
    const { code, out } = await runCommand(["check"], { folder: folderOf({}) });
    assert.equal(code, 0);
    assert.match(out, /^\d+ files in 3 modules: nothing breaks a rule\.\n$/);
  });

  it("ends with 1, and says place, rule, sentence, fix and way", async () => {
    const { code, out } = await runCommand(["check"], { folder: folderOf(wayFault) });
    assert.equal(code, 1);
    assert.match(
      out,
      /^src\/orders\/operations\/place-order\.ts:\d+ {2}network-in-transaction\n {2}command orders\.place reaches the network through fetch/,
    );
    assert.match(out, /\n {2}Fix: Do it in an action/);
    assert.match(out, /\n {2}Way: src\/orders\/operations\/place-order\.ts:\d+ a → src\/orders\/a\.ts:2 b → src\/orders\/c\.ts:1 fetch\n/);
    assert.match(out, /\n1 findings in 1 files\.\n$/);
  });

  it("says the same in Chinese", async () => {
    const { code, out } = await runCommand(["检查", "--lang", "zh"], { folder: folderOf(sqlFault) });
    assert.equal(code, 1);
    assert.match(out, /orders 的 SQL 使用了不属于它的 catalog/);
    assert.match(out, /修正: 请调用拥有 catalog 的模块的操作/);
  });

  it("excuses what the configuration names, and counts it", async () => {
    const config = `import type { CheckConfig } from "plimsoll";
export const check: CheckConfig = {
  exceptions: [{ rule: "foreign-sql", file: "src/orders/**", reason: "until the projection is there", until: "9999-12-31" }],
};\n`;
    const { code, out } = await runCommand(["check"], { folder: folderOf(sqlFault, config) });
    assert.equal(code, 0);
    assert.match(out, /1 excused by plimsoll\.config\.ts\./);
  });

  it("takes packages and names of files from the configuration", async () => {
    const config = 'export const check = { network: ["acme-sdk"], contracts: ["**/public.ts", "**/contract.ts"] };\n';
    const place = "src/orders/operations/place-order.ts";
    const uses: Plant = {
      edits: {
        [place]: [
          ["const orderId = newId();", "const orderId = newId(); acme.ping();"],
          ["\n", '\nimport * as acme from "acme-sdk/client";\n'],
        ],
      },
    };
    assert.match((await runCommand(["check"], { folder: folderOf(uses, config) })).out, /network-in-transaction/);
    assert.equal((await runCommand(["check"], { folder: folderOf(uses) })).code, 0);
  });

  const wrong: readonly [string, string, RegExp][] = [
    ["is no program", "export const check = {", /plimsoll\.config\.ts cannot be loaded/],
    ["has an unknown part", "export const check = { rulez: [] };", /check\.rulez: sources, tests/],
    [
      "has an unknown rule",
      'export const check = { exceptions: [{ rule: "sql", reason: "because it is so", until: "2027-01-01" }] };',
      /exceptions\[0\]\.rule: domain-outward/,
    ],
    [
      "has no reason",
      'export const check = { exceptions: [{ rule: "foreign-sql", until: "2027-01-01" }] };',
      /exceptions\[0\]\.reason: why/,
    ],
    [
      "has no end",
      'export const check = { exceptions: [{ rule: "foreign-sql", reason: "because it is so" }] };',
      /exceptions\[0\]\.until: a day/,
    ],
    [
      "ends on no day",
      'export const check = { exceptions: [{ rule: "foreign-sql", reason: "because it is so", until: "2027-02-30" }] };',
      /until: a day/,
    ],
    ["is a list", "export const check = { sources: 1 };", /check\.sources: string\[\]/],
    ["is null", "export const check = null;", /check: an object/],
  ];
  for (const [what, config, error] of wrong)
    it(`ends with 65 where the configuration ${what}`, async () => {
      const { code, err } = await runCommand(["check"], { folder: folderOf({}, config) });
      assert.match(err, error);
      assert.equal(code, 65);
    });

  it("ends with 66 where there is nothing to check", async () => {
    for (const args of [["check"], ["check", "missing"], ["check", "missing", "--json"]]) assert.equal((await runCommand(args)).code, 66);
    const folder = folderOf({}, 'export const check = { sources: ["lib"] };');
    assert.match((await runCommand(["check"], { folder })).err, /lib cannot be read/);
  });

  it("writes a SARIF log", async () => {
    const { code, out } = await runCommand(["check", "--sarif"], { folder: folderOf(wayFault) });
    assert.equal(code, 1);
    const { version, runs } = JSON.parse(out);
    assert.deepEqual([version, runs.length], ["2.1.0", 1]);
    const [{ tool, results }] = runs;
    const [result] = results;
    assert.equal(tool.driver.rules[result.ruleIndex].id, result.ruleId);
    assert.equal(result.locations[0].physicalLocation.artifactLocation.uri, "src/orders/operations/place-order.ts");
    assert.equal(result.codeFlows[0].threadFlows[0].locations.length, 3);
    assert.match(result.message.text, /reaches the network/);
  });
});
