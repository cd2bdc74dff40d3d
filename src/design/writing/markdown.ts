import type { Choice, Design } from "../planning/design.ts";
import { knowledge } from "../planning/knowledge.ts";
import { figure } from "../planning/load.ts";
import { defaultIn } from "../questions/texts.ts";
import type { Need } from "../reading/needs.ts";
import { mermaid, pictures, textDiagram } from "./diagrams.ts";
import { texts } from "./texts.ts";

/** Writes a design for people, in the language of the design. */
export function writeMarkdown(design: Design): string {
  const say = texts[design.language];
  const top = [
    `# ${say.design}: ${cell(design.title)}`,
    "",
    say.generated(design.file),
    "",
    say.understood(Math.round(design.understood.share * 100)),
  ];
  return `${[...top, ...[...whatSections(design), ...whySections(design)].flatMap(([title, body]) => ["", `## ${title}`, "", body])].join("\n")}\n`;
}

type Section = readonly [title: string, body: string];

function whatSections(design: Design): readonly Section[] {
  const say = texts[design.language];
  const { columns: head } = say;
  const name = (all: readonly { readonly name: string }[]): string =>
    all.length === 0 ? say.none : all.map((one) => `* ${cell(one.name)}`).join("\n");
  return [
    [say.objective, objective(design)],
    [say.concurrency, say.concurrencyText({ ...design.concurrency, replicas: design.scales[0]!.replicas })],
    [
      say.needs,
      table(
        [head.need, head.status, head.value, head.place, head.rule],
        design.needs.map((need) => [need.id, say.statuses[need.status], statementOf(need), placeOf(need.source), need.rule]),
        say.none,
      ),
    ],
    [say.contexts, picture(design, "context-map")],
    [say.diagram, `\`\`\`text\n${textDiagram(pictures["context-map"](design))}\n\`\`\``],
    [say.flow, `${say.flowText}\n\n${picture(design, "data-flow")}`],
    [say.entities, name(design.entities)],
    [say.roles, name(design.roles)],
    [say.operations, name(design.operations)],
    [say.work, name(design.work ?? [])],
  ];
}

function whySections(design: Design): readonly Section[] {
  const say = texts[design.language];
  const { columns: head } = say;
  return [
    [say.stack, choices(design.stack, design)],
    [say.refusals, choices(design.refusals, design)],
    [say.consistency, choices(design.consistency, design)],
    [say.scale, scale(design)],
    [say.risks, design.risks.map((risk) => `* ${risk[design.language]}`).join("\n")],
    [
      say.assumptions,
      table(
        [head.code, head.taken, head.changes],
        design.assumptions.map(({ code, value, changes }) => [`\`${code}\``, defaultIn(design.language, value), changes[design.language]]),
        say.none,
      ),
    ],
    [
      say.questions,
      table(
        [head.code, head.question, head.blocks, head.changes],
        design.questions.map(({ code, asks, blocks, changes }) => [
          `\`${code}\``,
          asks[design.language],
          blocks ? say.yes : say.no,
          changes[design.language],
        ]),
        say.none,
      ),
    ],
    [
      say.answers,
      table(
        [head.code, head.value, head.place],
        design.answers.map(({ code, value, from }) => [`\`${code}\``, value, from]),
        say.none,
      ),
    ],
    [
      say.notUsed,
      table(
        [head.place, head.value, head.rule],
        design.notUsed.map(({ source, context, rule }) => [placeOf(source), `${source.quote} (${context})`, rule]),
        say.none,
      ),
    ],
    [say.unread, unread(design)],
    [say.knowledge, sources(design)],
  ];
}

function objective({ load, deadlineMs, language }: Design): string {
  const say = texts[language];
  return load.status === "missing"
    ? say.noLoad
    : say.objectiveText({ peak: figure(load.peak), formula: load.formula, deadline: `${deadlineMs} ms` });
}

function picture(design: Design, name: keyof typeof pictures): string {
  return `![${name}](./${name}.svg)\n\n\`\`\`mermaid\n${mermaid(pictures[name](design))}\n\`\`\``;
}

function choices(all: readonly Choice[], { language }: Design): string {
  const { columns: head, none } = texts[language];
  return table(
    [head.name, head.why, head.source],
    all.map(({ name, because, knowledge: id }) => [name, because[language], `\`${id}\``]),
    none,
  );
}

function scale({ scales, firstToGiveOut, language }: Design): string {
  const { columns: head, none, first } = texts[language];
  const rows = scales.map(({ times, peak, replicas, uses }) => {
    const [scarcest] = uses;
    return [`${times}× (${figure(peak)}/s)`, String(replicas), scarcest!.resource, `${figure(scarcest!.share * 100)}%`, scarcest!.formula];
  });
  const said = firstToGiveOut.times === 0 ? "" : `\n\n${first(firstToGiveOut)}`;
  return `${table([head.times, head.replicas, head.scarcest, head.share, head.formula], rows, none)}${said}`;
}

function unread({ understood, file, language }: Design): string {
  if (understood.unread.length === 0) return texts[language].none;
  const ranges = understood.unread.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`));
  return `${file}: ${ranges.join(", ")}${understood.more > 0 ? `, … (+${understood.more})` : ""}`;
}

function sources({ stack, refusals, consistency, language }: Design): string {
  const used = new Set([...stack, ...refusals, ...consistency].map((choice) => choice.knowledge).concat("little", "assumed-demands"));
  return knowledge
    .filter(({ id }) => used.has(id))
    .map(({ id, says, source, read }) => `* \`${id}\`: ${says[language]} (${source}; ${read})`)
    .join("\n");
}

function statementOf({ quantity, source, phase }: Need): string {
  const parts = [quantity.measure, `"${source.quote}"`, quantity.statistic, quantity.load, quantity.per, phase];
  return parts.filter((part) => part !== undefined).join(" ");
}

function placeOf({ file, line, column }: Need["source"]): string {
  return `${file}:${line}:${column}`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return none;
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(heads), `|${heads.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}

/** What a document says stays text: it makes no row, no link and no markup of its own. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
