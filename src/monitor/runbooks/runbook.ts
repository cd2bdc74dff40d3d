import type { Language } from "../../cli/language.ts";
import type { Monitored } from "../monitored.ts";
import { alertsOf, selecting } from "../rules/alerts.ts";
import { recorded } from "../rules/objectives.ts";
import { commands, shown } from "./commands.ts";
import { texts } from "./texts.ts";

/** Where the commands of runbooks find the app and Prometheus. */
export interface RunbookPlaces {
  readonly ops: string;
  readonly prometheus: string;
}

/** The runbook of all alerts of the objectives. */
const burnRunbook = "PlimsollBudgetBurn";

/**
 * Writes the runbook of every alert that an app can raise, by the name of the alert, as Markdown.
 * *Guarantees*: each command runs as it is printed, after the two settings at the top.
 */
export function runbooksOf(monitored: Monitored, places: RunbookPlaces, language: Language): ReadonlyMap<string, string> {
  const { service } = monitored;
  const burn = {
    ...{ name: burnRunbook, severity: "page" as const },
    expr: `topk(10, ${recorded.burn}1h{service="${service}"})`,
  };
  const all = [burn, ...alertsOf(monitored)];
  return new Map(all.map((alert) => [alert.name, runbook(alert, { monitored, places, language })]));
}

interface Written {
  readonly monitored: Monitored;
  readonly places: RunbookPlaces;
  readonly language: Language;
}

function runbook(
  { name, severity, expr }: { readonly name: string; readonly severity: "page" | "ticket"; readonly expr: string },
  { monitored, places, language }: Written,
): string {
  const text = texts[language];
  const { summary, means, act } = text.alerts[name]!;
  const own = { shows: "value", line: `promtool query instant "$PROM" '${expr}'` } as const;
  const looks = [own, ...commands[name]!].map(
    ({ shows, line }) => `${shown[shows][language]}\n\n\`\`\`sh\n${selecting(line, monitored)}\n\`\`\`\n`,
  );
  return [
    `# ${name}\n`,
    `${summary} ${text.severity[severity]}\n`,
    `## ${text.means}\n`,
    `${means}\n`,
    `## ${text.look}\n`,
    `${text.set}\n`,
    `\`\`\`sh\nexport OPS=${places.ops}\nexport PROM=${places.prometheus}\n\`\`\`\n`,
    ...looks,
    `## ${text.act}\n`,
    `${act.map((step, index) => `${index + 1}. ${step}`).join("\n")}\n`,
  ].join("\n");
}
