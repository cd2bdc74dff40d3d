import type { Monitored } from "../monitored.ts";
import { texts } from "../runbooks/texts.ts";
import type { RuleTexts } from "./alerts.ts";
import type { Rule, RuleFile } from "./rule-file.ts";
import { type BurnWindow, burnWindows, fewFailures, leastFailures, periodDays, recordedWindows } from "./windows.ts";

/** The names of the recorded series; a window is appended, as in `operation:plimsoll_slo_burn:rate1h`. */
export const recorded = {
  objective: "operation:plimsoll_slo_objective:ratio",
  events: "operation:plimsoll_slo_events:increase",
  failures: "operation:plimsoll_slo_failures:increase",
  burn: "operation:plimsoll_slo_burn:rate",
  budgetLeft: `operation:plimsoll_slo_budget_left:ratio${periodDays}d`,
} as const;

/**
 * Records how fast each operation burns its budget for errors, over every window, and alerts on it.
 * *Guarantees*: what a restart or a reset of counters looks like is no failure; below {@link leastFailures} failures no burn is alerted.
 */
export function objectiveRules({ service, job, operations }: Monitored, spoken: RuleTexts): RuleFile {
  const mine = { service };
  const from = `{service="${service}"}`;
  const increase = (metric: string, window: string) => `sum by (operation) (increase(${metric}{job="${job}"}[${window}]))`;
  const declared = operations.map(
    ({ name, module, criticality, success }): Rule => ({
      record: recorded.objective,
      expr: `vector(${success})`,
      labels: { ...mine, operation: name, module, criticality },
    }),
  );
  const measured = recordedWindows.flatMap((window): Rule[] => [
    { record: recorded.events + window, expr: increase("plimsoll_slo_total", window), labels: mine },
    { record: recorded.failures + window, expr: increase("plimsoll_slo_failed_total", window), labels: mine },
    {
      record: recorded.burn + window,
      expr:
        `(${recorded.failures}${window}${from} / (${recorded.events}${window}${from} > 0))` +
        ` / on (operation) group_left (module, criticality) (1 - ${recorded.objective}${from})`,
      labels: mine,
    },
  ]);
  const left: Rule = { record: recorded.budgetLeft, expr: `1 - ${recorded.burn}${periodDays}d${from}`, labels: mine };
  return {
    groups: [
      { name: `plimsoll-${service}-objectives`, interval: "30s", rules: [...declared, ...measured, left] },
      {
        name: `plimsoll-${service}-burn`,
        interval: "30s",
        rules: [...burnWindows.map((window) => burnAlert(window, from, spoken)), fewAlert(from, spoken)],
      },
    ],
  };
}

/** The name of the alert of a pair of windows, as in `PlimsollBudgetBurn1h`. */
export const burnAlertName = ({ long }: Pick<BurnWindow, "long">): string => `PlimsollBudgetBurn${long}`;
/** The name of the alert where there are too few requests for a share. */
export const fewAlertName = "PlimsollFewRequestsFail";

function burnAlert(window: BurnWindow, from: string, { language, runbooks }: RuleTexts): Rule {
  const { long, short, burn, severity } = window;
  const severe = severity === "page" ? '{{ if eq $labels.criticality "sheddable" }}ticket{{ else }}page{{ end }}' : severity;
  return {
    alert: burnAlertName(window),
    expr:
      `${recorded.burn}${long}${from} > ${burn}` +
      ` and on (operation) ${recorded.burn}${short}${from} > ${burn}` +
      ` and on (operation) ${recorded.failures}${long}${from} >= ${leastFailures}`,
    labels: { severity: severe },
    annotations: {
      summary: texts[language].burns(window),
      runbook_url: `${runbooks}/PlimsollBudgetBurn.md`,
    },
  };
}

function fewAlert(from: string, { language, runbooks }: RuleTexts): Rule {
  const { long, burn } = burnWindows[2]!;
  return {
    alert: fewAlertName,
    expr:
      `${recorded.failures}${long}${from} >= ${fewFailures} < ${leastFailures}` +
      ` and on (operation) ${recorded.burn}${long}${from} > ${burn}`,
    labels: { severity: "ticket" },
    annotations: {
      summary: texts[language].few(fewFailures, long),
      runbook_url: `${runbooks}/PlimsollBudgetBurn.md`,
    },
  };
}
