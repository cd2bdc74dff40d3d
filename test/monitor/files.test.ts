import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { monitorFiles } from "../../src/monitor/files.ts";
import { alertsOf } from "../../src/monitor/rules/alerts.ts";
import type { RuleFile } from "../../src/monitor/rules/rule-file.ts";
import { texts } from "../../src/monitor/runbooks/texts.ts";
import { filesOf, shop, spec } from "./shop.ts";

const files = filesOf(shop);
const rulesOf = (name: string) => (parse(files.get(`prometheus/rules/${name}.yaml`)!) as RuleFile).groups.flatMap(({ rules }) => rules);

describe("the files of the monitoring", () => {
  it("are the same bytes each time, and in Chinese have the same rules", () => {
    assert.deepEqual(filesOf(shop), files);
    const chinese = monitorFiles(shop, { ...spec, language: "zh" });
    assert.deepEqual([...chinese.keys()], [...files.keys()]);
    const exprs = (all: ReadonlyMap<string, string>) => all.get("prometheus/rules/alerts.yaml")!.match(/expr: .*/g);
    assert.deepEqual(exprs(chinese), exprs(files));
    assert.match(chinese.get("prometheus/rules/objectives.yaml")!, /错误预算/);
  });

  it("record the objective of every operation", () => {
    const recorded = rulesOf("objectives").filter(({ record }) => record === "operation:plimsoll_slo_objective:ratio");
    const found = recorded.map(({ expr, labels }) => [labels!.operation, labels!.criticality, expr]);
    assert.deepEqual(
      found,
      shop.operations.map(({ name, criticality, success }) => [name, criticality, `vector(${success})`]),
    );
  });

  it("have a runbook for every alert in both languages, and a text for no other", () => {
    const alerts = [...rulesOf("objectives"), ...rulesOf("alerts")].filter(({ alert }) => alert !== undefined);
    for (const { annotations } of alerts) {
      const name = annotations!.runbook_url!.slice(`${spec.runbooks}/`.length);
      for (const language of ["en", "zh"]) assert.ok(files.has(`runbooks/${language}/${name}`), name);
    }
    const named = new Set([...alertsOf(shop).map(({ name }) => name), "PlimsollBudgetBurn"]);
    assert.deepEqual(new Set(Object.keys(texts.en.alerts)), named);
  });

  it("have only what an app has", () => {
    const bare = filesOf({ ...shop, parts: new Set(["operations"]) });
    for (const path of bare.keys()) assert.doesNotMatch(path, /database|tasks|Saga|Redis|Certificate/, path);
    assert.doesNotMatch(bare.get("prometheus/rules/alerts.yaml")!, /certificate|saga|database_/);
  });

  it("have dashboards in the classic schema, with places that do not overlap", () => {
    const dashboards = [...files].filter(([path]) => path.startsWith("grafana/")).map(([, text]) => JSON.parse(text));
    assert.deepEqual(
      dashboards.map(({ title }) => title),
      ["shop: App", "shop: Operation", "shop: Tasks", "shop: Database", "shop: Objectives"],
    );
    for (const { panels, schemaVersion, templating } of dashboards) {
      assert.ok(schemaVersion >= 36 && templating.list[0].type === "datasource");
      const taken = new Set<string>();
      for (const { gridPos, targets } of panels) {
        assert.ok(targets.length > 0 && gridPos.x + gridPos.w <= 24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            assert.ok(!taken.has(`${x} ${y}`));
            taken.add(`${x} ${y}`);
          }
      }
    }
  });

  it("have every objective as OpenSLO v1", () => {
    const [service, ...slos] = parseAllDocuments(files.get("openslo/objectives.yaml")!).map((document) => document.toJS());
    assert.deepEqual([service.apiVersion, service.kind, service.metadata.name], ["openslo/v1", "Service", "shop"]);
    assert.equal(slos.length, shop.operations.length);
    assert.equal(new Set(slos.map(({ metadata }) => metadata.name)).size, slos.length);
    for (const { apiVersion, kind, metadata, spec: slo } of slos) {
      assert.deepEqual([apiVersion, kind, slo.service, slo.budgetingMethod], ["openslo/v1", "SLO", "shop", "Occurrences"]);
      assert.match(metadata.name, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      assert.deepEqual(slo.timeWindow, [{ duration: "30d", isRolling: true }]);
      const { counter, good, total } = slo.indicator.spec.ratioMetric;
      assert.ok(counter === true && [good, total].every(({ metricSource }) => metricSource.type === "Prometheus"));
      assert.ok(slo.objectives.length === 1 && slo.objectives[0].target < 1);
    }
  });
});
