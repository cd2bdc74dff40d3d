import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { readBlocks } from "../../../src/design/reading/blocks.ts";
import { seeQuantities } from "../../../src/design/reading/seen.ts";
import { readingOf } from "../labels/reading.ts";
import { type UnseenDocument, unseen } from "./labels.ts";
import { unseenPhrases } from "./phrases.ts";
import { compared, type Score, summed } from "./score.ts";

/** What the issue demands over all documents together. */
const bar = { precision: 0.95, recall: 0.9 };

/** What binds in each line of a text that has something bound. */
function boundByLine(text: string): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, string[]>();
  for (const { quantity, context } of readBlocks(text).flatMap(seeQuantities)) {
    if (context !== "requirement") continue;
    const end = text.indexOf("\n", quantity.start);
    const line = text.slice(text.lastIndexOf("\n", quantity.start) + 1, end === -1 ? undefined : end);
    lines.set(line, [...(lines.get(line) ?? []), readingOf(quantity)]);
  }
  return lines;
}

function scoreOfDocument({ file, lines }: UnseenDocument): Score {
  const text = readFileSync(fileURLToPath(new URL(`documents/${file}`, import.meta.url)), "utf8");
  const bound = boundByLine(text);
  const labelled = Object.entries(lines).map(([phrase, labels]) => {
    const found = text.split("\n").filter((line) => line.includes(phrase));
    assert.equal(found.length, 1, `${file} has one line with ${phrase}`);
    return { phrase, labels, line: found[0]! };
  });
  const others = [...bound].filter(([line]) => !labelled.some((each) => each.line === line));
  return summed([
    ...labelled.map(({ phrase, labels, line }) => compared(phrase, labels, bound.get(line) ?? [])),
    ...others.map(([line, readings]) => compared(line.slice(0, 60), [], readings)),
  ]);
}

function assertReaches(scores: readonly (Score & { readonly of: string })[], diagnose: (line: string) => void): void {
  const { right, wrong, missed } = summed(scores);
  const precision = right / (right + wrong.length);
  const recall = right / (right + missed.length);
  for (const score of scores)
    diagnose(`${score.of}: missed ${score.missed.join("; ") || "none"}, wrong ${score.wrong.join("; ") || "none"}`);
  diagnose(
    `${right} right, ${wrong.length} wrong, ${missed.length} missed: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
  );
  assert.ok(right > 60, `${right} quantities were found`);
  assert.ok(precision >= bar.precision && recall >= bar.recall, `precision ${precision}, recall ${recall}`);
}

describe("the quantities that bind in documents that the rules were not written from", () => {
  it("reach the bars of precision and recall over whole documents of eight domains", (t) => {
    assertReaches(
      unseen.map((document) => ({ of: document.file, ...scoreOfDocument(document) })),
      (line) => t.diagnostic(line),
    );
  });

  it("reach them over phrases of public documents", (t) => {
    const scores = unseenPhrases.map(({ source, labels }) => ({
      of: source,
      ...summed(
        labels.map(({ section, phrase, bound }) => {
          const read = boundByLine(`# Requirements of the product\n\n## ${section}\n\n${phrase}\n`);
          return compared(phrase, bound, [...read.values()].flat());
        }),
      ),
    }));
    assertReaches(scores, (line) => t.diagnostic(line));
  });
});
