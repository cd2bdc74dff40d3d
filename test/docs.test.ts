// What the documents say, runs: code is quoted from files that run, names and places exist, tables are those of the source.
// UPDATE_DOCS=1 writes the generated tables again.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { pipeline } from "../src/pipeline/pipeline.ts";
import { importsIn, type Mention, mentionsIn, readDoors } from "./docs/doors.ts";
import { anchorOf, readMarkdown, squeezed } from "./docs/markdown.ts";
import { codeTable, limitNames, limitTable, metricNames, thrownFaults, withGenerated } from "./docs/reference.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const names = globSync(["*.md", "docs/**/*.md", "examples/**/*.md"], {
  cwd: root,
  exclude: ["**/node_modules/**"],
}).toSorted();
const documents = names.map((name) => ({ name, ...readMarkdown(read(name)) }));
const document = (name: string) => documents.find((candidate) => candidate.name === name)!;

/** What must be quoted: all but commands, what they print, and data. A decision may show SQL that was only tried. */
const mustRun = (name: string, language: string) =>
  /^(ts|js)$/.test(language) || (language === "sql" && !name.startsWith("docs/decisions/"));

for (const { name, blocks, links, prose } of documents) {
  describe(name, () => {
    for (const { language, line, source, text } of blocks.filter((block) => block.source !== undefined || mustRun(name, block.language))) {
      it(`quotes ${source ?? "a file"} in line ${line}`, () => {
        assert.ok(source, `the ${language || "nameless"} block is quoted from nowhere: write <!-- from path/of/file --> above it`);
        assert.ok(existsSync(join(root, source)), `${source} does not exist`);
        assert.ok(squeezed(read(source)).includes(squeezed(text)), `${source} does not hold the block any more:\n${text}`);
      });
    }

    it("links to what there is", () => {
      for (const link of links.filter((target) => !/^[a-z]+:/.test(target))) {
        const [path = "", anchor] = link.split("#");
        const target = path === "" ? name : join(dirname(name), path);
        assert.ok(existsSync(join(root, target)), `${link} leads nowhere`);
        if (anchor === undefined || statSync(join(root, target)).isDirectory()) continue;
        const anchors = readMarkdown(read(target)).headings.map(anchorOf);
        assert.ok(anchors.includes(anchor), `${link}: ${target} has no such heading, only ${anchors.join(", ")}`);
      }
    });

    it("names what Plimsoll exports", () => {
      const doors = readDoors(root);
      const unknown = ({ name, door }: Mention) => !doors.get(door)?.has(name);
      const mentions = [...blocks.flatMap(({ text }) => importsIn(text)), ...mentionsIn(prose)];
      assert.deepEqual(mentions.filter(unknown), []);
    });

    it("gives commands and paths that exist", () => {
      const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
      const said = [prose, ...blocks.map(({ text }) => text)].join("\n");
      const missing = [...said.matchAll(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g)]
        .map(([, script]) => script!)
        .filter((script) => !scripts[script]);
      assert.deepEqual(missing, []);
      const paths = [...prose.matchAll(/`((?:src|test|examples|docs|bench)\/[\w./-]+)`/g)].map(([, path]) => path!);
      assert.deepEqual(
        paths.filter((path) => !existsSync(join(root, path))),
        [],
      );
    });
  });
}

describe("README", () => {
  it("says the same in both languages", () => {
    const [english, chinese] = [document("README.md"), document("README.zh-CN.md")];
    assert.deepEqual(
      chinese.headings.map(({ depth }) => depth),
      english.headings.map(({ depth }) => depth),
    );
    assert.deepEqual(
      chinese.blocks.map(({ text }) => text),
      english.blocks.map(({ text }) => text),
    );
    const places = (links: readonly string[]) => links.filter((link) => !link.startsWith("README"));
    assert.deepEqual(places(chinese.links), places(english.links));
    const rows = (prose: string) => prose.split("\n").filter((line) => /^[|*] /.test(line)).length;
    assert.equal(rows(chinese.prose), rows(english.prose));
  });

  it("quotes the compiler as it speaks", () => {
    const refused = `${read("test/types/refused.ts")}${read("src/operation/contract.ts")}`.replaceAll('\\"', '"');
    const said = [...document("README.md").prose.matchAll(/^\| compiling \| .+ \| `(.+)` \|$/gm)].map(([, answer]) => answer!);
    assert.ok(said.length > 0);
    for (const answer of said) assert.ok(refused.includes(answer), `the compiler does not say: ${answer}`);
  });
});

describe("ARCHITECTURE.md", () => {
  it("lists the steps of the pipeline in their order", () => {
    const steps = [...document("ARCHITECTURE.md").prose.matchAll(/^\| \d+ \| ([^|]+) \|/gm)].map(([, step]) => step!.trim());
    const own = new Set(pipeline.map(({ name }) => name));
    assert.deepEqual(
      steps.filter((step) => own.has(step)),
      [...own],
    );
    assert.deepEqual(
      steps.filter((step) => !own.has(step)),
      ["match", "reply"],
    );
  });

  it("has each folder of the source once in the map of the layers", () => {
    const [, map = ""] = /```text\n(core\n[^`]*)```/.exec(read("ARCHITECTURE.md")) ?? [];
    const listed = map.split("\n").flatMap((line) => line.trim().split(/ {2,}/)[0]!.split(/, ?/));
    const folders = globSync("src/*/", { cwd: root }).map((path) => path.replaceAll("\\", "/").replace(/^src\/|\/$/g, ""));
    assert.deepEqual(listed.filter(Boolean).toSorted(), folders.toSorted());
  });

  it("names a test for each invariant, and none that is gone", () => {
    const sections = document("ARCHITECTURE.md")
      .prose.split("\n### ")
      .filter((section) => section.includes("**Invariant:**"));
    assert.ok(sections.length > 50);
    for (const section of sections) {
      const [folder] = section.split("\n");
      const tests = /^\*\*Test:\*\* (`test\/[\w./-]+\.test\.ts`(?:, `test\/[\w./-]+\.test\.ts`)*)$/m.exec(section)?.[1];
      assert.ok(
        tests,
        `${folder} has no line "**Test:** \`test/….test.ts\`" after its invariant: name the test that fails where it does not hold`,
      );
      for (const [, test] of tests.matchAll(/`([^`]+)`/g))
        assert.ok(existsSync(join(root, test!)), `${folder} names ${test}, which does not exist`);
    }
  });

  it("has an invariant for each folder of the source", () => {
    const { prose } = document("ARCHITECTURE.md");
    const folders = globSync("src/**/", { cwd: root })
      .map((path) => path.replaceAll("\\", "/").replace(/\/$/, ""))
      .filter((path) => path !== "src" && !path.startsWith("src/postgres/functions/"));
    // Below functions/ are folders of one kind, whose section is that of functions/ itself.
    for (const folder of folders) {
      const section = prose.split(`### \`${folder}/\``)[1]?.split("\n### ")[0] ?? "";
      assert.match(section, /\*\*Invariant:\*\* \S/, `${folder} has no section, or its section no invariant`);
    }
    const sections = [...prose.matchAll(/^### `([\w/]+)\/`/gm)].map(([, folder]) => folder!);
    assert.deepEqual(
      sections.filter((folder) => !existsSync(join(root, folder))),
      [],
    );
  });
});

describe("docs/start.md", () => {
  it("quotes every file of its module whole", () => {
    const quoted = document("docs/start.md").blocks.filter(({ source }) => source?.startsWith("examples/start/"));
    const files = globSync("examples/start/**/*.{ts,sql}", { cwd: root }).map((path) => path.replaceAll("\\", "/"));
    assert.deepEqual([...new Set(quoted.map(({ source }) => source))].toSorted(), files.toSorted());
    for (const file of files) {
      const parts = quoted.filter(({ source }) => source === file).map(({ text }) => text.trim());
      assert.equal(parts.join("\n\n"), read(file).trim(), `the blocks of ${file}, one after the other, are not the file`);
    }
  });
});

describe("examples/shop/README.md", () => {
  it("has a row for every setting of the shop, and for no other", () => {
    const settings = [...read("examples/shop/settings.ts").matchAll(/^ {6}([A-Z_]+): field\(/gm)].map(([, name]) => name!);
    const rows = read("examples/shop/README.md")
      .split("\n")
      .filter((line) => /^\| `[A-Z_]+`/.test(line));
    const said = rows.flatMap((row) => [...row.split(" | ")[0]!.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name!));
    assert.deepEqual(said.toSorted(), settings.toSorted());
  });
});

describe("docs/guide/operate.md", () => {
  it("tells of every metric, and of no other", () => {
    const said = document("docs/guide/operate.md").prose.match(/\b(?:plimsoll|process|nodejs)_[a-z0-9_]+/g) ?? [];
    const known = metricNames(root);
    const whole = (name: string) => name.replace(/_(?:sum|count|bucket)$/, "");
    assert.deepEqual([...new Set(said.map((name) => (known.has(name) ? name : whole(name))))].toSorted(), [...known].toSorted());
  });
});

describe("the reference", () => {
  const tables = { "docs/reference/faults.md": codeTable(), "docs/reference/limits.md": limitTable(root) };
  for (const [name, table] of Object.entries(tables)) {
    it(`${name} holds the table of the source`, () => {
      const text = read(name);
      const expected = withGenerated(text, table);
      if (process.env.UPDATE_DOCS === "1") writeFileSync(join(root, name), expected);
      else assert.equal(text, expected, `the source has changed: UPDATE_DOCS=1 npm test -- test/docs.test.ts`);
    });
  }

  it("misses no limit", () => {
    for (const limit of limitNames(root))
      assert.ok(limitTable(root).includes(`| \`${limit}\` |`), `${limit} has no row: write its sentence on one line above it`);
  });

  it("lists every fault that the platform throws, and no other", () => {
    const rows = [...read("docs/reference/faults.md").matchAll(/^\| `([a-z_]+)` \| `([a-z_]+)` \|/gm)];
    const listed = new Map(rows.map(([, type, code]) => [type!, code!]));
    const thrown = thrownFaults(root);
    assert.deepEqual([...listed.keys()].toSorted(), [...thrown.keys()].toSorted());
    for (const [type, code] of thrown) if (code !== undefined) assert.equal(listed.get(type), code, `the code of ${type}`);
  });
});
