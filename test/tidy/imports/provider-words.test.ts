// The shop speaks to its payment provider in one file: no word and no type of the provider's API is in any other.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { readSource, type Source } from "../source.ts";

const root = fileURLToPath(new URL("../../../examples/shop/", import.meta.url));
const adapter = "payments/adapter.ts";
/** What starts the provider, and what it is started with, have nothing of its API. */
const starting = ["./provider/own-provider.ts", "../provider/own-provider.ts", "./provider/temper.ts"];
const read = (path: string) => readSource(path, readFileSync(`${root}${path}`, "utf8"));

/** The words of the API: its fields, which have underscores, its kinds of lines, and its paths. */
function wordsOf({ tokens }: Source): ReadonlySet<string> {
  const texts = tokens.map(({ text }) => text.replaceAll(/^["'`/]+|["'`]+$/g, ""));
  const fields = texts.filter((text) => /^[a-z]+(?:_[a-z]+)+$/.test(text));
  const kinds = ["capture", "reversal", "repayment"].filter((kind) => texts.includes(kind));
  return new Set([...fields, ...kinds, ...kinds.map((kind) => `${kind}s`)]);
}

/** Where a file says one of the words, or imports the provider. */
function leaksOf({ path, tokens, imports }: Source, words: ReadonlySet<string>): readonly string[] {
  const said = tokens.flatMap(({ text, line }) =>
    (text.toLowerCase().match(/[a-z]+(?:_[a-z]+)*/g) ?? []).filter((word) => words.has(word)).map((word) => `${path}:${line} ${word}`),
  );
  const imported = imports.filter(({ specifier }) => /\/provider(?:\/|\.ts$)/.test(specifier) && !starting.includes(specifier));
  return [...said, ...imported.map(({ specifier, line }) => `${path}:${line} ${specifier}`)];
}

describe("the words of the payment provider", () => {
  const words = wordsOf(read("provider/wire.ts"));
  const files = globSync("**/*.ts", { cwd: root }).map((path) => path.replaceAll("\\", "/"));
  const others = files.filter((path) => path !== adapter && !/^provider(?:\/|\.ts$)/.test(path));

  it("are known, and are those of the adapter", () => {
    assert.ok(words.size >= 9, [...words].join());
    assert.ok(leaksOf(read(adapter), words).length > 9);
  });

  it("are in no other file of the shop", () => {
    assert.ok(others.length > 80);
    assert.deepEqual(
      others.flatMap((path) => leaksOf(read(path), words)),
      [],
    );
  });

  for (const [what, text] of [
    ["a field", "const cents = body.amount_minor;\n"],
    ["a kind in a text", 'if (kind === "reversal") take();\n'],
    ["a path in a template", "const url = `$" + "{base}/captures`;\n"],
    ["a type", 'import type { LedgerLine } from "../provider/wire.ts";\n'],
  ] as const)
    it(`are found as ${what}`, () => assert.equal(leaksOf(readSource("payments/domain.ts", text), words).length, 1));
});
