// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { checkTree, type Tree } from "./tidy/check.ts";
import { documentedAlready } from "./tidy/doc-comments.ts";
import { checkRings } from "./tidy/imports/rings.ts";
import { clean, planted } from "./tidy/planted.ts";
import { type Problem, printProblem, type Rule } from "./tidy/problem.ts";
import { readSource } from "./tidy/source.ts";
import { tokenize } from "./tidy/tokens.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Everything of the project that is text and not made by a tool. */
function projectTree(): Tree {
  const paths = globSync("**/*.{ts,js,mjs,json,md,sql,sh,yml,yaml}", {
    cwd: root,
    exclude: ["**/node_modules/**", "**/dist/**", "**/.data/**", "**/package-lock.json"],
  });
  return new Map([...paths, ".ci/run"].toSorted().map((path) => [path.replaceAll("\\", "/"), readFileSync(`${root}/${path}`, "utf8")]));
}

/** Checks a tiny tree, whose exports need a doc comment only where that is what is planted. */
function checkPlanted(files: Readonly<Record<string, string>>, rule?: Rule): Problem[] {
  return checkTree(new Map(Object.entries(files))).filter((problem) => problem.rule === rule || problem.rule !== "doc-comment");
}

describe("tidy", () => {
  it("finds the house in order", () => {
    const problems = checkTree(projectTree());
    assert.equal(problems.length, 0, `${problems.length} problems:\n${problems.map(printProblem).join("\n")}`);
  });

  it("excuses no folder from doc comments that has them all", () => {
    const sources = [...projectTree()].filter(([path]) => /^src\/.*\.ts$/.test(path)).map(([path, text]) => readSource(path, text));
    assert.deepEqual(documentedAlready(sources), [], "delete these from the list `undocumented` in test/tidy/doc-comments.ts");
  });

  it("finds nothing in a clean tree that only looks untidy", () => assert.deepEqual(checkPlanted(clean).map(printProblem), []));

  for (const { rule, file, line, text, fix, beside } of planted) {
    it(`catches ${rule} in ${file}: ${JSON.stringify(text.slice(0, 70))}`, () => {
      const problems = checkPlanted({ ...beside, [file]: text }, rule);
      assert.equal(problems.length, 1, problems.map(printProblem).join("\n") || "nothing was reported");
      const [problem] = problems;
      assert.deepEqual([problem!.file, problem!.line, problem!.rule], [file, line, rule]);
      assert.match(problem!.message, fix);
    });
  }

  it("catches a folder of 16 files", () => {
    const files = Array.from({ length: 16 }, (_, index) => [`src/core/a${index}.ts`, ""] as const);
    const [problem, ...others] = checkTree(new Map(files));
    assert.deepEqual([problem?.file, problem?.rule, others.length], ["src/core", "folder-size", 0]);
    assert.deepEqual(checkTree(new Map(files.slice(1))), []);
    const migrations = files.map(([path]) => [path.replace("src/core/", "src/postgres/migrations/"), ""] as const);
    assert.deepEqual(checkTree(new Map(migrations)), [], "an ordered folder only grows");
  });

  it("lets a ring pass while it is listed, and asks for the line of one that is open", () => {
    const ring = ["a", "b", "c"].map((name, at) => {
      const next = ["b", "c", "a"][at];
      return readSource(`src/core/${name}.ts`, `import type { X } from "./${next}.ts";\nexport type ${name} = X;\n`);
    });
    assert.equal(checkRings(ring, []).length, 1);
    assert.deepEqual(checkRings(ring, ["src/core/b.ts"]), []);
    assert.match(checkRings(ring.slice(1), ["src/core/b.ts"])[0]?.message ?? "", /Delete its line/);
  });

  it("reports every fault of a tree with many", () => {
    const tree = new Map([["src/core/a.ts", "enum A { B }\nconsole.log(Date.now());\nconst a: any = setTimeout(1);\n"]]);
    assert.deepEqual(
      checkTree(tree).map(({ line, rule }) => `${line} ${rule}`),
      ["1 erasable", "2 console", "2 clock", "3 any", "3 clock"],
    );
  });
});

describe("tokenizer", () => {
  const cases: readonly [string, string][] = [
    ["a / b / c", "a / b / c"],
    ["a = /b/g", "a = regex"],
    ["(a) / b / c", "( a ) / b / c"],
    ["a! / b / c", "a ! / b / c"],
    ["!/b/.test(c)", "! regex . test ( c )"],
    ["return /[/'\"`]/", "return regex"],
    ["x.of / y / z", "x . of / y / z"],
    ["`a${b + `c${d}`}e`", "template { b + template { d } template } template"],
    ["`a\\`${ { b: '}' } }`", "template { { b : string } } template"],
    ["'it\\'s' + \"a\\\"b\"", "string + string"],
    ["// a 'b\nc /* d ` */ e", "c e"],
    ["#!/usr/bin/env node\n#a.$b_1", "#a . $b_1"],
    ["1_000n + .5 + 0xff", "number + . number + number"],
    ["A<B<C>> => d?.e ?? f", "A < B < C > > => d ?. e ?? f"],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${JSON.stringify(text)}`, () => {
      const read = tokenize(text).tokens.map((token) => (token.kind === "word" || token.kind === "mark" ? token.text : token.kind));
      assert.equal(read.join(" "), expected);
    });
  }

  it("knows the line of each token, after comments, templates and strings over several lines", () => {
    const { tokens, comments } = tokenize("/* a\n b */ c\n`d\n${e}\nf` g\n// h\ni");
    assert.deepEqual(
      tokens.filter(({ kind }) => kind === "word").map(({ text, line }) => `${text}${line}`),
      ["c2", "e4", "g5", "i7"],
    );
    assert.deepEqual(
      comments.map(({ line }) => line),
      [2, 6],
    );
  });
});
