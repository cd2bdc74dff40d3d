// To add a surface, a kind of durable work, a store of rates or a scheme takes one folder and one line of createApp: each toy shows it.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { target } from "../layers.ts";
import { readSource } from "../source.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const sourcesIn = (pattern: string) =>
  globSync(pattern, { cwd: root }).map((path) => readSource(path, readFileSync(`${root}/${path}`, "utf8")));

const toys = { surface: "test/surfaces/lines", engine: "test/durable/toy", scheme: "test/auth/toy", "rate store": "test/resilience/toy" };

describe("a toy", () => {
  for (const [what, folder] of Object.entries(toys)) {
    it(`${what} imports only what the package exports`, () => {
      const toy = sourcesIn(`${folder}/*.ts`).filter(({ path }) => !path.endsWith(".test.ts"));
      assert.notEqual(toy.length, 0);
      const others = toy.flatMap((source) =>
        source.imports.flatMap((imported) => {
          const to = target(source, imported) ?? imported.specifier;
          return to.startsWith(`${folder}/`) || /^(plimsoll(\/[a-z]+)?$|node:)/.test(to) ? [] : [`${source.path}: ${to}`];
        }),
      );
      assert.deepEqual(others, []);
    });
  }

  it("finds in plimsoll/ports what others declare, and nothing else", () => {
    const text = readFileSync(`${root}/src/ports/index.ts`, "utf8");
    const statements = text.split(/;\s*\n/).map((statement) => statement.replace(/^(?:\s*\/\/.*\n)*/, "").trim());
    assert.deepEqual(
      statements.filter((statement) => statement !== "" && !/^export (?:type )?\{[^}]*\} from "\.\.\/[^"]+"$/.test(statement)),
      [],
    );
  });

  it("is named nowhere in the source", () =>
    assert.deepEqual(
      sourcesIn("src/**/*.ts").flatMap(({ path, text }) => (/\btoys?\b/i.test(text) ? [path] : [])),
      [],
    ));
});
