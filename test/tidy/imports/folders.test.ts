// Invariants of ARCHITECTURE.md that can be seen in the source: what a folder imports, and that importing it starts nothing.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { target } from "../layers.ts";
import { readSource } from "../source.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const files = (pattern: string) => globSync(pattern, { cwd: root }).map((path) => path.replaceAll("\\", "/"));
const read = (path: string) => readFileSync(`${root}/${path}`, "utf8");

/** Where the files of a folder import from: files of src, and packages by their names. */
function importsOf(folder: string): readonly string[] {
  return files(`${folder}/**/*.ts`).flatMap((path) => {
    const source = readSource(path, read(path));
    return source.imports.map((imported) => target(source, imported) ?? imported.specifier);
  });
}

/** Variables of a module, which would be its state. */
const stateOf = (folder: string) => files(`${folder}/**/*.ts`).filter((path) => /^(?:export )?(?:let|var) /m.test(read(path)));

describe("folders of the source", () => {
  for (const folder of ["src/operation", "src/surface", "src/core/node"]) {
    it(`${folder} runs nothing when it is imported, and keeps no variables`, () => {
      const program = `
        const before = process.getActiveResourcesInfo();
        for (const file of ${JSON.stringify(files(`${folder}/**/*.ts`))}) await import(${JSON.stringify(`file://${root}/`)} + file);
        // The pipes of the process itself are opened when something first looks at them.
        const begun = process.getActiveResourcesInfo().filter((name) => name !== "PipeWrap" && !before.includes(name));
        process.stdout.write(begun.join() || "nothing", () => process.exit());`;
      const options = { cwd: root, encoding: "utf8" } as const;
      assert.equal(execFileSync(process.execPath, ["--conditions=source", "--input-type=module", "-e", program], options), "nothing");
      assert.deepEqual(stateOf(folder), []);
    });
  }

  it("src/surface opens no socket", () =>
    assert.deepEqual(
      importsOf("src/surface").filter((name) => /^node:(net|http|https|http2|tls|dgram)$|core\/node\/http/.test(name)),
      [],
    ));

  it("src/pipeline/state knows neither the steps nor what runs them", () =>
    assert.deepEqual(
      importsOf("src/pipeline/state").filter((path) => /^src\/(pipeline\/(run\/|runtime|pipeline\.|step)|surface|app|http)/.test(path)),
      [],
    ));

  it("src/pipeline/run knows none of those who run operations", () =>
    assert.deepEqual(
      importsOf("src/pipeline/run").filter((path) => /^src\/(pipeline\/runtime|surface|app|http)/.test(path)),
      [],
    ));

  it("only src/telemetry/otel imports @opentelemetry/api", () => {
    const importing = files("src/**/*.ts").filter((path) =>
      readSource(path, read(path)).imports.some(({ specifier }) => specifier === "@opentelemetry/api"),
    );
    assert.ok(importing.length > 0);
    assert.deepEqual(
      importing.filter((path) => !path.startsWith("src/telemetry/otel/")),
      [],
    );
  });

  it("src/postgres/transaction.ts alone begins the transactions of operations", () => {
    const importing = files("src/**/*.ts").filter((path) => /\bbeginTexts\b/.test(read(path)));
    assert.deepEqual(importing.toSorted(), ["src/postgres/statements.ts", "src/postgres/transaction.ts"]);
    // Each of these begins one for work of its own, of which no operation knows.
    const others = [
      "connection.ts",
      "database.ts",
      "events/inline.ts",
      "events/projections.ts",
      "migrate.ts",
      "migrate/apply.ts",
      "migrate/grants.ts",
      "schedules/store.ts",
      "start/pooler.ts",
      "tasks/store.ts",
      "wire/pinning.ts",
    ];
    const beginning = files("src/**/*.ts").filter((path) =>
      /["'`](?:begin|start transaction)\b(?!")(?!.*\bread only")|\((?:"begin"|beginAlone)\)/.test(read(path)),
    );
    assert.deepEqual(
      beginning.filter((path) => path !== "src/postgres/statements.ts").toSorted(),
      // The command explains statements in one that it undoes.
      ["src/generate/database/explain/explain.ts", ...others.map((path) => `src/postgres/${path}`)],
    );
  });

  it("a port of src/tasks/ports has at most ten methods", () => {
    for (const path of files("src/tasks/ports/*.ts"))
      for (const [, name, body] of read(path).matchAll(/^export interface (\w+Store)[^{]*\{\n(.*?)^\}/gms))
        assert.ok([...body!.matchAll(/^ {2}\w+(?:<[^>]*>)?\(/gm)].length <= 10, `${name} in ${path}`);
  });
});
