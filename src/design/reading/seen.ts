import type { Quantity } from "../quantities/quantity.ts";
import { readQuantities } from "../quantities/read-quantities.ts";
import type { Block } from "./blocks.ts";
import { plain } from "./blocks.ts";
import { type Context, contextOf } from "./contexts.ts";

/** Is a quantity of a document, with why it is there. */
export interface SeenQuantity {
  /** With `start` and `end` in the document. */
  readonly quantity: Quantity;
  readonly context: Context;
  /** Why the context was chosen. */
  readonly rule: string;
  readonly block: Block;
  /** The step of a plan that the text names beside it, such as `Phase 2`. */
  readonly phase?: string;
}

const phases = /[(（,，]?\s?(?<phase>Phase \d|MVP|Year \d|第[一二三四五]期|第[一二三四五]阶段|一期|二期|三期)\s?[)）:：]?/i;

/** Finds all quantities of a block, and says of each whether it binds. */
export function seeQuantities(block: Block): readonly SeenQuantity[] {
  if (
    block.kind === "heading" ||
    block.kind === "sql" ||
    !/[\d零一二两三四五六七八九十百千万亿]|sub|亚|nines|million|hundred|thousand|second/i.test(block.text)
  )
    return [];
  const labels = block.labels;
  // A table of answers is read by its questions.
  if (block.kind === "cell" && /^(?:decision|answer|决定|答案|回答)$/i.test(labels.at(-1) ?? "")) return [];
  const path = block.sections.join(" > ");
  const about = [...block.sections.slice(-2), ...labels].join(" ");
  const found = withSiblings(withLabels(block, labels, about));
  return found.map((quantity) => {
    const [from, to] = sentenceAt(block.text, quantity);
    const before = block.text.slice(from, quantity.start);
    const after = block.text.slice(quantity.end, to);
    const around = {
      quantity,
      line: plain(block.text),
      sentence: plain(block.text.slice(from, to)),
      before: plain(before),
      after: plain(after),
      labels: labels.join(" | "),
      path,
      title: block.path[0] ?? "",
    };
    const { context, rule } = contextOf(around);
    const phase = phases.exec(after.slice(0, 14))?.groups?.phase ?? phases.exec(before.slice(-14))?.groups?.phase;
    const meant = context === "requirement" && quantity.measure === "duration" ? { ...quantity, measure: "latency" as const } : quantity;
    const placed = { ...meant, start: meant.start + block.start, end: meant.end + block.start };
    return { quantity: placed, context, rule, block, ...(phase === undefined ? {} : { phase }) };
  });
}

/** "200 ms at p95 and never more than 1 second": a short bound beside a latency is one too. */
function withSiblings(found: readonly Quantity[]): readonly Quantity[] {
  if (!found.some(({ measure }) => measure === "latency")) return found;
  return found.map((quantity) =>
    quantity.measure === "duration" && quantity.bound === "at-most" && quantity.value < 60_000
      ? { ...quantity, measure: "latency" }
      : quantity,
  );
}

/** The sentence that states a quantity, of a line that may hold more than one. */
function sentenceAt(text: string, { start, end }: { readonly start: number; readonly end: number }): readonly [number, number] {
  const from = [...text.slice(0, start).matchAll(/[。!！]|\.(?=\s)/g)].at(-1);
  const to = text.slice(end).search(/[。!！]|\.(?=\s)/);
  return [from === undefined ? 0 : from.index + 1, to === -1 ? text.length : end + to];
}

/** A cell may hold the number alone, and its row the unit: "concurrent users | 500". */
function withLabels(block: Block, labels: readonly string[], about: string): readonly Quantity[] {
  const found = readQuantities(block.text, about);
  const label = labels.at(-1) ?? "";
  const name = block.kind === "cell" ? (labels.at(-2) ?? label) : label;
  if (found.length > 0 || block.kind !== "cell" || name === "") return found;
  const lead = `${name}: `;
  return readQuantities(lead + block.text, about).flatMap((quantity) => {
    if (quantity.end <= lead.length) return [];
    const start = Math.max(quantity.start - lead.length, 0);
    const end = quantity.end - lead.length;
    return [{ ...quantity, start, end, quote: block.text.slice(start, end) }];
  });
}
