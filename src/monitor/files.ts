import { stringify } from "yaml";
import type { Language } from "../cli/language.ts";
import { type AlertReceivers, alertmanagerConfig } from "./alertmanager.ts";
import { dashboard } from "./dashboards/dashboard.ts";
import { dashboardSpecs } from "./dashboards/specs.ts";
import type { Monitored } from "./monitored.ts";
import { openSlo } from "./openslo.ts";
import { alertRules } from "./rules/alerts.ts";
import { objectiveRules } from "./rules/objectives.ts";
import { alertTests, objectiveTests, type RuleTestFile } from "./rules/rule-tests.ts";
import { type RunbookPlaces, runbooksOf } from "./runbooks/runbook.ts";

/** What the files are made for. */
export interface MonitorSpec {
  readonly language: Language;
  readonly places: RunbookPlaces;
  readonly receivers: AlertReceivers;
  /** What the address of a runbook begins with. */
  readonly runbooks: string;
}

/** What generated files begin with, where their format has comments. */
const head = "# Made by `plimsoll monitor` from the declarations of the app. Change those, and make it again.\n";

/**
 * Makes all files of the monitoring of an app, by their paths: rules with their tests, dashboards, objectives as OpenSLO, routes, and runbooks in both languages.
 * *Guarantees*: the same declarations give the same bytes.
 */
export function monitorFiles(monitored: Monitored, spec: MonitorSpec): ReadonlyMap<string, string> {
  const { language, places, receivers, runbooks } = spec;
  const objectives = objectiveRules(monitored, { language, runbooks });
  const alerts = alertRules(monitored, { language, runbooks });
  const scrape = {
    global: { scrape_interval: "15s", evaluation_interval: "30s" },
    rule_files: ["rules/*.yaml"],
    scrape_configs: [{ job_name: monitored.job, static_configs: [{ targets: [new URL(places.ops).host] }] }],
  };
  return new Map([
    ["prometheus/rules/objectives.yaml", yaml(objectives)],
    ["prometheus/rules/alerts.yaml", yaml(alerts)],
    ["prometheus/tests/objectives.yaml", yaml(testsOfObjectives(monitored))],
    ["prometheus/tests/alerts.yaml", yaml(testsOfAlerts(monitored))],
    ["prometheus/prometheus.yaml", yaml(scrape)],
    ["alertmanager/alertmanager.yaml", yaml(alertmanagerConfig(monitored, receivers))],
    [
      "openslo/objectives.yaml",
      head +
        openSlo(monitored)
          .map((document) => stringify(document, format))
          .join("---\n"),
    ],
    ...dashboardSpecs(monitored).map(
      (each) => [`grafana/${each.uid}.json`, `${JSON.stringify(dashboard(each, monitored, language), undefined, 2)}\n`] as const,
    ),
    ...(["en", "zh"] as const).flatMap((each) =>
      [...runbooksOf(monitored, places, each)].map(([name, text]) => [`runbooks/${each}/${name}.md`, text] as const),
    ),
  ]);
}

const format = { lineWidth: 0, aliasDuplicateObjects: false } as const;
const yaml = (value: object): string => head + stringify(value, format);

/** Tests of one operation of each objective: the rules are the same for all operations, only the objective differs. */
function testsOfObjectives(monitored: Monitored): RuleTestFile {
  const kinds = new Map(monitored.operations.map((operation) => [operation.success, operation]));
  return {
    rule_files: ["../rules/objectives.yaml"],
    evaluation_interval: "5m",
    tests: [...kinds.values()].flatMap((operation) => objectiveTests(monitored, operation)),
  };
}

function testsOfAlerts(monitored: Monitored): RuleTestFile {
  return { rule_files: ["../rules/alerts.yaml"], evaluation_interval: "1m", tests: alertTests(monitored) };
}
