import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { TestEnd } from "./process.ts";
import { count, judge } from "./proof/judge.ts";
import { newUnitOf } from "./proof/new-units.ts";
import { inEarlierWords } from "./proof/overlay.ts";
import { last, type Renames, renamesOf } from "./proof/renames.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const passes = (name: string): TestEnd => ({ kind: "pass", name });
const fails = (name: string, asserted = true): TestEnd => ({ kind: "fail", name, place: "a:1", error: "an error\n  at a:1", asserted });
const none: Renames = renamesOf(() => false);
const renames: Renames = {
  ...none,
  words: [
    { here: /\bkeys\b/g, was: "cords" },
    { in: /^test\/b/, here: /^/g, was: "b " },
  ],
  titles: { "*": { PostgreSQL: "the server" }, "test/a.test.ts": { "is said better": "was said" } },
};

describe("proof that tests can fail", () => {
  const cases: readonly [what: string, name: string, there: readonly TestEnd[], says: RegExp][] = [
    ["fails by its assertion", "new", [fails("new")], /1 new tests, 1 fail by their assertion, 0 are as before/],
    ["fails otherwise", "new", [fails("new", false)], /1 without proof.*not by an assertion: an error/],
    ["passes", "new", [passes("new")], /1 without proof.*passes there too/],
    ["did not run", "new", [], /1 without proof.*did not run/],
    ["passes, as it says", "new (as before)", [passes("new (as before)")], /1 are as before, 0 of new units, 0 without proof/],
    ["fails, although it says that it passes", "new (as before)", [fails("new (as before)")], /1 without proof.*although it says/],
    ["has an earlier word in its name", "new keys", [fails("new cords")], /1 fail by their assertion/],
    ["was there before", "old", [], /^0 new tests/],
    ["was there before, in an earlier word", "old keys", [], /^0 new tests/],
    ["was there before, under another title", "is said better", [], /^0 new tests/],
    ["was there before, under a title that all files write otherwise", "PostgreSQL runs", [], /^0 new tests/],
  ];
  const earlier = ["old", "old cords", "was said", "the server runs"].map(passes);
  for (const [what, name, there, says] of cases)
    it(`counts a test that ${what}`, () => {
      const proof = judge("test/a.test.ts", { earlier, here: [passes(name)], there, renames });
      assert.match(`${count([proof])} ${proof.without.join()}`.replaceAll(/\s+/g, " "), says);
    });

  it("counts what fails in the file of a new unit apart, and what passes there as it would anywhere", () => {
    const file = "test/load/run.test.ts";
    assert.ok(newUnitOf(file));
    const here = ["a", "b", "c"].map(passes);
    const proof = judge(file, { earlier: [], here, there: [fails("a"), passes("b")], renames });
    assert.deepEqual([proof.proven, proof.ofNewUnit, proof.without.length], [1, 1, 1]);
  });

  it("counts the tests, and not what holds them", () => {
    const here = [passes("a > b"), passes("a")];
    assert.equal(judge("test/a.test.ts", { earlier: [], here, there: here, renames }).fresh, 1);
  });

  it("puts words into those of the earlier code where they apply", () => {
    assert.equal(inEarlierWords(renames, "test/a.ts", "keys and monkeys"), "cords and monkeys");
    assert.equal(inEarlierWords(renames, "test/b.ts", "keys"), "b cords");
  });

  it("renames what was there, to what is here", (t) => {
    const { modules, titles } = renamesOf(() => true);
    let there: string;
    try {
      there = execFileSync("git", ["ls-tree", "-r", "--name-only", last], {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    } catch {
      return t.skip("no history here: a tarball, or a clone of the last commits alone");
    }
    for (const [path, { was }] of Object.entries(modules)) {
      for (const old of was) assert.ok(there.includes(old), `${last} has no ${old}`);
      assert.ok(existsSync(`${root}/${path}`), `there is no ${path}`);
    }
    for (const file of Object.keys(titles).filter((key) => key !== "*")) assert.ok(existsSync(`${root}/${file}`), `there is no ${file}`);
  });
});
