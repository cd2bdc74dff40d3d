import type { Language } from "../../cli/language.ts";
import type { Monitored } from "../monitored.ts";
import { texts } from "../runbooks/texts.ts";
import { type AlertSpec, alertSpecs } from "./alert-specs.ts";
import type { RuleFile } from "./rule-file.ts";

/** In which language alerts speak, and where their runbooks are. */
export interface RuleTexts {
  readonly language: Language;
  /** What the address of a runbook begins with. */
  readonly runbooks: string;
}

/** The alerts that an app can raise beside those of its objectives: those whose metrics it has. */
export function alertsOf({ parts }: Pick<Monitored, "parts">): readonly AlertSpec[] {
  return alertSpecs.filter(({ part }) => parts.has(part));
}

/** Puts the selector of the app's series into an expression. */
export function selecting(expr: string, { job }: Pick<Monitored, "job">): string {
  return expr.replaceAll(/(?<=[{,])S(?=[,}])/g, `job="${job}"`);
}

/** Makes the rules of the alerts on what the objectives do not see. */
export function alertRules(monitored: Monitored, { language, runbooks }: RuleTexts): RuleFile {
  const { service } = monitored;
  const rules = alertsOf(monitored).map(({ name, severity, expr, ...spec }) => ({
    alert: name,
    expr: selecting(expr, monitored),
    ...(spec.for !== "0m" && { for: spec.for }),
    labels: { severity, service },
    annotations: { summary: texts[language].alerts[name]!.summary, runbook_url: `${runbooks}/${name}.md` },
  }));
  return { groups: [{ name: `plimsoll-${service}-alerts`, interval: "30s", rules }] };
}
