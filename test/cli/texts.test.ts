// Every table of texts says the same things in both languages.
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../src", import.meta.url));

/** The texts of a table by their keys; a function is called with a placeholder for whatever it takes. */
function flatten(value: unknown, key = ""): [string, string][] {
  if (typeof value === "string") return [[key, value]];
  if (typeof value === "function") return [[`${key}()`, String(value(placeholder))]];
  return Object.entries(value as object).flatMap(([name, inner]) => flatten(inner, `${key}.${name}`));
}
const placeholder: unknown = new Proxy(() => "1", {
  get: (_, name) => (name === Symbol.toPrimitive ? () => "1" : name === "length" ? 1 : name === "map" ? () => ["1"] : placeholder),
});

for (const path of globSync("**/texts.ts", { cwd: root }).toSorted()) {
  const { texts } = (await import(`${root}/${path}`)) as { texts: { en: object; zh: object } };
  describe(`src/${path.replaceAll("\\", "/")}`, () => {
    const [en, zh] = [flatten(texts.en), flatten(texts.zh)];
    it("has the same keys in both languages", () =>
      assert.deepEqual(
        zh.map(([key]) => key),
        en.map(([key]) => key),
      ));
    it("has words in both, and Chinese only in one", () => {
      for (const [key, text] of en) assert.ok(text.trim() !== "" && !/\p{Script=Han}/u.test(text), `${key}: ${text}`);
      const untranslated = zh.filter(([key, text]) => text.length > 4 && text === new Map(en).get(key));
      assert.deepEqual(untranslated, []);
    });
  });
}
