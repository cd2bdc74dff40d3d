import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse, stringify } from "yaml";
import type { Monitored } from "../../src/monitor/monitored.ts";
import type { RuleFile } from "../../src/monitor/rules/rule-file.ts";
import { filesOf, folderOf, shop } from "./shop.ts";
import { runTool, withoutTools } from "./tools.ts";

const [place] = shop.operations.filter(({ name }) => name === "orders.place");
assert.ok(place !== undefined);
/** One operation of each objective that differs: the rules are evaluated for thousands of minutes. */
/** One operation: the rules are evaluated for thousands of minutes. */
const small: Monitored = { ...shop, operations: [{ ...place, criticality: "sheddable", success: 0.99 }] };
const files = filesOf(small);

function testOf(name: "objectives" | "alerts", changed: ReadonlyMap<string, string> = files) {
  using made = folderOf(changed);
  return runTool("promtool", ["test", "rules", `prometheus/tests/${name}.yaml`], made.folder);
}

describe("the rules of an app", { skip: withoutTools }, () => {
  it("pass promtool and amtool, for the whole shop", () => {
    using made = folderOf(filesOf(shop));
    const checks = [
      runTool("promtool", ["check", "config", "prometheus/prometheus.yaml"], made.folder),
      runTool("promtool", ["check", "rules", "prometheus/rules/objectives.yaml", "prometheus/rules/alerts.yaml"], made.folder),
      runTool("amtool", ["check-config", "alertmanager/alertmanager.yaml"], made.folder),
    ];
    for (const { code, text } of checks) assert.equal(code, 0, text);
  });

  it("fire and are silent as their generated tests say", () => {
    for (const name of ["objectives", "alerts"] as const) {
      const { code, text } = testOf(name);
      assert.equal(code, 0, text);
    }
  });

  const receivers = [
    ["severity=page", "page"],
    ["severity=ticket", "ticket"],
  ] as const;
  for (const [label, receiver] of receivers)
    it(`sends ${label} to ${receiver}`, () => {
      using made = folderOf(files);
      const args = ["config", "routes", "test", "--config.file", "alertmanager/alertmanager.yaml", "service=shop", label];
      assert.equal(runTool("amtool", args, made.folder).text.split("\n")[0], receiver);
    });

  // What the generated tests are good for: each of these changes must be found by them.
  const numbers = (by: number) => (expr: string) => expr.replaceAll(/> (\d+(?:\.\d+)?)/g, (_, n) => `> ${Number(n) * by}`);
  const spoiled: readonly [name: string, file: "objectives" | "alerts", change: (expr: string) => string][] = [
    ["without a short window", "objectives", (expr) => expr.replace(/ and on \(operation\) operation:plimsoll_slo_burn\S+ > \S+/, "")],
    ["without least failures", "objectives", (expr) => expr.replace(/>= 10$/, ">= 0")],
    ["that fire too early", "objectives", numbers(0.8)],
    ["that fire too late", "objectives", numbers(1.3)],
    ["that never fire", "alerts", () => "vector(0) > 1"],
  ];
  for (const [name, file, change] of spoiled)
    it(`the tests find alerts ${name}`, () => {
      const path = `prometheus/rules/${file}.yaml`;
      const { groups } = parse(files.get(path)!) as RuleFile;
      const changed = groups.map((group) => ({
        ...group,
        rules: group.rules.map((rule) => (rule.alert === undefined ? rule : { ...rule, expr: change(rule.expr) })),
      }));
      const { code } = testOf(file, new Map(files).set(path, stringify({ groups: changed })));
      assert.notEqual(code, 0);
    });
});
