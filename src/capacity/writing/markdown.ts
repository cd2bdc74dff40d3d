import { figure } from "../../design/planning/load.ts";
import type { OperationDemand } from "../model/system.ts";
import type { Plan } from "../planning/plan.ts";
import { writeFigure } from "./explain.ts";
import { texts } from "./texts.ts";

/** Writes a plan for people, in the language of the plan. */
export function writeMarkdown(plan: Plan): string {
  const say = texts[plan.language];
  const [first] = plan.breaks;
  const lead =
    first === undefined
      ? []
      : ["", say.firstBreak({ resource: say.resources[first.resource], times: String(first.times) }), "", say.changes[first.resource]];
  const top = [`# ${say.plan}: ${cell(plan.title)}`, "", say.generated(plan.file), "", say.basis[plan.basis], ...lead];
  return `${[...top, ...sections(plan).flatMap(([title, body]) => ["", `## ${title}`, "", body])].join("\n")}\n`;
}

type Section = readonly [title: string, body: string];

function sections(plan: Plan): readonly Section[] {
  const say = texts[plan.language];
  const { columns: head } = say;
  const names = plan.scales[0]!.figures.map(({ name }) => name);
  return [
    [
      say.figuresTitle,
      table(
        [head.figure, head.name, ...plan.scales.map(({ times }) => `${times}×`)],
        names.map((name, index) => [
          say.figures[name].title,
          `\`${name}\``,
          ...plan.scales.map(({ figures }) => writeFigure(figures[index]!, plan.language)),
        ]),
      ),
    ],
    [
      say.formulas,
      table(
        [head.name, head.formula, head.from, head.source],
        plan.scales[0]!.figures.map(({ name, formula, from, source }) => [`\`${name}\``, formula, from.join("; "), source]),
      ),
    ],
    [say.stationsTitle, stations(plan)],
    [
      say.breaksTitle,
      `${say.breaksText}\n\n${table(
        [head.station, head.times, head.formula, head.change],
        plan.breaks.map(({ resource, times, formula }) => [say.resources[resource], `${times}×`, formula, say.changes[resource]]),
      )}`,
    ],
    [say.modelsTitle, models(plan)],
    [
      say.costsTitle,
      table(
        [head.name, head.amount, head.formula],
        plan.costs.map(({ driver, value, formula }) => [say.costs[driver][0], `${value} ${say.costs[driver][1]}`, formula]),
      ),
    ],
    [say.operationsTitle, operations(plan)],
    [
      say.assumedTitle,
      table(
        [head.name, head.value],
        plan.assumed.map(({ name, value }) => [`\`${name}\``, String(value)]),
      ),
    ],
  ];
}

function stations({ scales, language }: Plan): string {
  const say = texts[language];
  const { columns: head } = say;
  const [now] = scales;
  const used = (index: number, key: string) =>
    scales[index]?.stations.find(({ station, name }) => `${station} ${name ?? ""}` === key)?.used ?? 0;
  return table(
    [head.station, head.most, ...scales.map(({ times }) => `${head.used} ${times}×`), head.change],
    now!.stations.map(({ station, name, most }) => [
      name === undefined ? say.stations[station] : `${say.stations[station]} ${name}`,
      `${figure(most)}/s`,
      ...scales.map((_, index) => `${Math.round(used(index, `${station} ${name ?? ""}`) * 100)}%`),
      say.changes[station],
    ]),
  );
}

function models({ models: { queueing, little, usl }, language }: Plan): string {
  const say = texts[language];
  const fitted = usl === undefined ? say.model.notFitted : Number.isFinite(usl.peak) ? `${figure(usl.peak)}/s` : say.model.endless;
  return table(
    [say.columns.model, say.columns.value],
    [
      [say.model.queueing, `${figure(queueing)}/s`],
      [say.model.little, `${figure(little)}/s`],
      [say.model.usl, fitted],
    ],
  );
}

function operations({ operations: all, language }: Plan): string {
  const { columns: head } = texts[language];
  const ms = (value: number): string => `${figure(value)} ms`;
  return table(
    [head.operation, head.share, head.loop, head.held, head.database, head.waits, head.upstreams],
    all.map((one: OperationDemand) => [
      `\`${cell(one.name)}\``,
      `${figure(one.share * 100)}%`,
      ms(one.loopMs),
      ms(one.heldLoopMs),
      ms(one.databaseMs),
      ms(one.heldMs),
      Object.entries(one.upstreams)
        .map(([name, value]) => `${name} ${ms(value)}`)
        .join(", "),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

/** What a document says stays text. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("<", "&lt;").trim();
}
